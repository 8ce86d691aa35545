import { AsyncResource } from 'node:async_hooks';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { ServiceName } from '@lazyphotos/contracts';
import {
  isConnectionFault,
  type Peers,
  ProblemError,
  type ReplicaAgentOptions,
  SERVICE_TOKEN_HEADER,
} from '@lazyphotos/service-kit';
import type { NextFunction, Request, Response } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { originForm, prepareHeaders } from './headers.js';
import { PatientAgent } from './patient-agent.js';
import type { Upstream } from './upstream.js';

const MAX_SOCKETS = 128;
/** How long an upstream may be silent; completing a large upload reads it once more. */
const SILENCE_MS = 120_000;

const unavailable = (service: string, cause: unknown) =>
  new ProblemError('service_unavailable', `The ${service} service does not answer.`, {
    headers: { 'Retry-After': '5' },
    cause,
  });

/** A request on its way to a service. */
interface Passage {
  mayRepeat: boolean;
  /** Ends it with a problem; the first call counts, and runs in the request's context, wherever the fault was noticed. */
  fail(error?: unknown): void;
}

/** A read, which may be made twice: it changes nothing, and has no body, which could not be sent again. */
const isRepeatable = ({ method, headers }: Request): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  headers['transfer-encoding'] === undefined &&
  Number(headers['content-length'] ?? 0) === 0;

function passageOf(req: Request, next: NextFunction): Passage {
  let failed = false;
  const fail = (error?: unknown) => {
    if (failed) return;
    failed = true;
    next(error);
  };
  return { mayRepeat: isRepeatable(req), fail: AsyncResource.bind(fail) };
}

/** Gives up a service that says nothing, with an error that is told apart from a broken connection. */
function limitSilence(request: ClientRequest, silenceMs: number): void {
  request.setTimeout(silenceMs, () =>
    request.destroy(Object.assign(new Error(`silent for ${silenceMs} ms`), { code: 'ETIMEDOUT' })),
  );
}

/** The service may close its connection to us: the client's stays as it is, unless we are closing that ourselves. */
function dropConnectionHeaders(headers: IncomingMessage['headers'], res: Response): void {
  delete headers['keep-alive'];
  if (res.getHeader('connection') === 'close') headers.connection = 'close';
  else delete headers.connection;
}

interface ProxyOptions {
  baseUrl: string;
  silenceMs: number;
  onAnswer(req: Request): void;
  onError(error: Error, req: Request, res: Response): void;
}

function proxyOver(agent: PatientAgent, { baseUrl, silenceMs, onAnswer, onError }: ProxyOptions) {
  return createProxyMiddleware<Request, Response>({
    target: baseUrl,
    agent,
    on: {
      proxyReq: (request) => {
        limitSilence(request, silenceMs);
        // Under load it would go from request to request for ever, and never be one that is not kept.
        if (request.socket && agent.isOld(request.socket)) request.setHeader('Connection', 'close');
      },
      proxyRes: ({ headers }, req, res) => {
        onAnswer(req);
        dropConnectionHeaders(headers, res);
      },
      error: (error, req, res) => onError(error, req, res as Response),
    },
  });
}

export interface Tuning extends Pick<ReplicaAgentOptions, 'maxSockets' | 'maxAgeMs' | 'lookup'> {
  silenceMs?: number;
}

/**
 * A service at an address, which may be that of several replicas. Bodies are streamed. A read whose connection fails before
 * anything was answered is made once more, on a fresh connection; any other fault becomes a 503 problem, or cuts an answer that
 * has begun.
 */
export function httpUpstream(
  service: ServiceName,
  baseUrl: string,
  { tokenFor }: Pick<Peers, 'tokenFor'>,
  { silenceMs = SILENCE_MS, ...tuning }: Tuning = {},
): Upstream {
  const passages = new WeakMap<Request, Passage>();
  const options: ProxyOptions = {
    baseUrl,
    silenceMs,
    onAnswer: (req) => {
      const passage = passages.get(req);
      if (passage) passage.mayRepeat = false;
    },
    onError: (error, req, res) => {
      const passage = passages.get(req);
      if (!passage?.mayRepeat || !isConnectionFault(error) || res.destroyed) {
        passage?.fail(unavailable(service, error));
        return;
      }
      passage.mayRepeat = false;
      void again(req, res, passage.fail);
    },
  };
  const proxy = proxyOver(new PatientAgent({ maxSockets: MAX_SOCKETS, ...tuning }), options);
  const again = proxyOver(new PatientAgent({ ...tuning, keepAlive: false }), options);

  return {
    forward: (req, res, next) => {
      const passage = passageOf(req, next);
      passages.set(req, passage);
      req.url = originForm(req.url);
      prepareHeaders(req);
      req.headers[SERVICE_TOKEN_HEADER] = tokenFor(service);
      void proxy(req, res, passage.fail);
    },
    ready: async () => {
      const response = await fetch(`${baseUrl}/health/ready`, { signal: AbortSignal.timeout(3000) });
      await response.body?.cancel();
      if (!response.ok) throw unavailable(service, undefined);
    },
  };
}
