import { AsyncResource } from 'node:async_hooks';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { ServiceName } from '@lazyphotos/contracts';
import {
  isConnectionFault,
  type Peers,
  ProblemError,
  ReplicaAgent,
  type ReplicaAgentOptions,
  SERVICE_TOKEN_HEADER,
  serviceUnavailable,
} from '@lazyphotos/service-kit';
import type { NextFunction, Request, Response } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { Upstream } from './routes.js';

/** How long a service may send nothing. To complete a large upload it reads the whole file once more. */
const SILENCE_MS = 120_000;
/** Headers about the client's connection to the gateway (RFC 9110, section 7.6.1), and `Expect`, which the gateway has handled. */
const CONNECTION_HEADERS = [
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
  'expect',
];
const ASKS_TO_CLOSE = /(^|,)\s*close\s*(,|$)/i;

export interface Tuning extends Pick<ReplicaAgentOptions, 'maxSockets' | 'maxAgeMs' | 'lookup'> {
  silenceMs?: number;
}

/** One client request that is being proxied to a service. */
interface ProxyAttempt {
  mayRepeat: boolean;
  /** Passes the error on, once: further calls do nothing. */
  fail(error?: unknown): void;
}

/**
 * A service at an address that may stand for several replicas. Bodies are streamed, unless they were received as a whole (`req.body`). It
 * makes a connection for each request: the caller limits their number. A read whose connection fails before the
 * response has begun is made once more, on a fresh connection. Any other failure becomes a 503 problem, or ends the client's
 * connection if the response has begun.
 */
export function httpUpstream(
  service: ServiceName,
  baseUrl: string,
  peers: Pick<Peers, 'tokenFor'>,
  { silenceMs = SILENCE_MS, ...tuning }: Tuning = {},
): Upstream {
  const attempts = new WeakMap<Request, ProxyAttempt>();
  const proxy = createProxy(new ReplicaAgent(tuning));
  const proxyAgain = createProxy(new ReplicaAgent({ ...tuning, keepAlive: false }));

  function createProxy(agent: ReplicaAgent) {
    return createProxyMiddleware<Request, Response>({
      target: baseUrl,
      agent,
      on: {
        proxyReq: (request, req) => {
          limitSilence(request, silenceMs);
          // Under load a connection would never be idle, so it would never be replaced by a new one.
          if (request.socket && agent.isOld(request.socket)) request.setHeader('Connection', 'close');
          sendReceived(request, req.body);
        },
        proxyRes: ({ headers }, req, res) => {
          const attempt = attempts.get(req);
          if (attempt) attempt.mayRepeat = false;
          dropConnectionHeaders(headers, res);
        },
        error: (error, req, res) => onError(error, req, res as Response),
      },
    });
  }

  function onError(error: Error, req: Request, res: Response): void {
    const attempt = attempts.get(req);
    if (!attempt?.mayRepeat || !isConnectionFault(error) || res.destroyed) {
      attempt?.fail(serviceUnavailable(service, error));
      return;
    }
    attempt.mayRepeat = false;
    void proxyAgain(req, res, attempt.fail);
  }

  return {
    isRemote: true,
    forward: (req, res, next) => {
      const attempt = createProxyAttempt(req, next);
      attempts.set(req, attempt);
      req.url = originForm(req.url);
      prepareHeaders(req);
      req.headers[SERVICE_TOKEN_HEADER] = peers.tokenFor(service);
      void proxy(req, res, attempt.fail);
    },
    ready: async () => {
      const response = await fetch(`${baseUrl}/health/ready`, { signal: AbortSignal.timeout(3000) });
      const body = (await response.json().catch(() => undefined)) as { checks?: object } | undefined;
      if (!response.ok) throw serviceUnavailable(service, undefined);
      if (Object.values(body?.checks ?? {}).includes('full'))
        throw new ProblemError('storage_full', `The ${service} service takes nothing new.`);
    },
  };
}

function createProxyAttempt(req: Request, next: NextFunction): ProxyAttempt {
  let failed = false;
  const fail = (error?: unknown) => {
    if (failed) return;
    failed = true;
    next(error);
  };
  // A fault may be noticed in another asynchronous context; logs need that of the request.
  return { mayRepeat: isRepeatable(req), fail: AsyncResource.bind(fail) };
}

/** Whether a request may be made twice: it changes nothing, and has no body, which could not be sent again. */
const isRepeatable = ({ method, headers }: Request): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  headers['transfer-encoding'] === undefined &&
  Number(headers['content-length'] ?? 0) === 0;

/** Sends a body that has been received and decoded as a whole. The request, which has been read to its end, adds nothing to it. */
function sendReceived(request: ClientRequest, body: unknown): void {
  if (!Buffer.isBuffer(body)) return;
  for (const name of ['transfer-encoding', 'content-encoding']) request.removeHeader(name);
  request.setHeader('Content-Length', body.length);
  request.write(body);
}

/** Ends a request to a service that sends nothing. Its error is not one of a broken connection. */
function limitSilence(request: ClientRequest, silenceMs: number): void {
  request.setTimeout(silenceMs, () =>
    request.destroy(Object.assign(new Error(`silent for ${silenceMs} ms`), { code: 'ETIMEDOUT' })),
  );
}

/** The client's connection stays open when the service closes its own, unless the gateway is closing it. */
function dropConnectionHeaders(headers: IncomingMessage['headers'], res: Response): void {
  delete headers['keep-alive'];
  if (res.getHeader('connection') === 'close') headers.connection = 'close';
  else delete headers.connection;
}

/** Leaves the service the client's headers. What is in X-Forwarded-* comes from the gateway only. */
function prepareHeaders(req: Request): void {
  const { headers } = req;
  for (const name of CONNECTION_HEADERS) delete headers[name];
  headers.connection = ASKS_TO_CLOSE.test(headers.connection ?? '') ? 'close' : 'keep-alive';
  headers['x-forwarded-for'] = req.ip;
  headers['x-forwarded-proto'] = req.protocol;
  // HTTP/1.0 requests may have no host.
  if (req.host === undefined) delete headers['x-forwarded-host'];
  else headers['x-forwarded-host'] = req.host;
  delete headers['x-forwarded-port'];
}

/** A client may send the whole URL in its request line (RFC 9112, section 3.2.2). */
const originForm = (url: string): string => {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
};
