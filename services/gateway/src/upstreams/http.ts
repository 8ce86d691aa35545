import { AsyncResource } from 'node:async_hooks';
import { ProblemError } from '@lazyphotos/service-kit';
import type { NextFunction, Request, Response } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
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

/** The first call counts; it runs in the request's context, wherever the fault was noticed. */
function onceInContext(next: NextFunction): (error?: unknown) => void {
  let called = false;
  return AsyncResource.bind((error?: unknown) => {
    if (called) return;
    called = true;
    next(error);
  });
}

/** What a client says about the connection to us is no business of the service's (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = ['keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer', 'upgrade'];

const ASKS_TO_CLOSE = /(^|,)\s*close\s*(,|$)/i;

/** The headers that the service gets: those of the client, but what stands in X-Forwarded-* is said by us. */
function prepareHeaders(req: Request): void {
  const { headers } = req;
  for (const name of HOP_BY_HOP) delete headers[name];
  headers.connection = ASKS_TO_CLOSE.test(headers.connection ?? '') ? 'close' : 'keep-alive';
  headers['x-forwarded-for'] = req.ip;
  headers['x-forwarded-proto'] = req.protocol;
  headers['x-forwarded-host'] = req.host;
  delete headers['x-forwarded-port'];
}

/** A client may write the whole URL into its request line (RFC 9112, section 3.2.2). */
const originForm = (url: string): string => {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
};

/** A service at an address. Bodies are streamed; a fault becomes a 503 problem, or cuts an answer that has begun. */
export function httpUpstream(service: string, baseUrl: string, { silenceMs = SILENCE_MS } = {}): Upstream {
  const fail = new WeakMap<Request, (error?: unknown) => void>();
  const proxy = createProxyMiddleware<Request, Response>({
    target: baseUrl,
    agent: new PatientAgent({ maxSockets: MAX_SOCKETS }),
    proxyTimeout: silenceMs,
    on: {
      error: (error, req) => fail.get(req)?.(unavailable(service, error)),
      proxyRes: ({ headers }) => {
        // The service may close its connection to us: the client's stays as it is.
        delete headers.connection;
        delete headers['keep-alive'];
      },
    },
  });
  return {
    forward: (req, res, next) => {
      const failed = onceInContext(next);
      fail.set(req, failed);
      req.url = originForm(req.url);
      prepareHeaders(req);
      void proxy(req, res, failed);
    },
    ready: async () => {
      const response = await fetch(`${baseUrl}/health/ready`, { signal: AbortSignal.timeout(3000) });
      await response.body?.cancel();
      if (!response.ok) throw unavailable(service, undefined);
    },
  };
}
