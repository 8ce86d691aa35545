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

/** A service at an address. Bodies are streamed; a fault becomes a 503 problem, or cuts an answer that has begun. */
export function httpUpstream(service: string, baseUrl: string, { silenceMs = SILENCE_MS } = {}): Upstream {
  const fail = new WeakMap<Request, (error?: unknown) => void>();
  const proxy = createProxyMiddleware<Request, Response>({
    target: baseUrl,
    agent: new PatientAgent({ maxSockets: MAX_SOCKETS }),
    proxyTimeout: silenceMs,
    on: {
      error: (error, req) => fail.get(req)?.(unavailable(service, error)),
    },
  });
  return {
    forward: (req, res, next) => {
      const failed = onceInContext(next);
      fail.set(req, failed);
      void proxy(req, res, failed);
    },
    ready: async () => {
      const response = await fetch(`${baseUrl}/health/ready`, { signal: AbortSignal.timeout(3000) });
      await response.body?.cancel();
      if (!response.ok) throw unavailable(service, undefined);
    },
  };
}
