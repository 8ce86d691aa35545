import { Agent } from 'node:http';
import { ProblemError } from '@lazyphotos/service-kit';
import type { NextFunction, Request, Response } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { Upstream } from './upstream.js';

const MAX_SOCKETS = 128;
/** How long an upstream may be silent; completing a large upload reads it once more. */
const SILENCE_MS = 120_000;

const unavailable = (service: string, cause: unknown) =>
  new ProblemError('service_unavailable', `The ${service} service does not answer.`, {
    headers: { 'Retry-After': '5' },
    cause,
  });

/** A service at an address. Bodies are streamed; a fault becomes a 503 problem. */
export function httpUpstream(service: string, baseUrl: string, { silenceMs = SILENCE_MS } = {}): Upstream {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const nexts = new WeakMap<Request, NextFunction>();
  const proxy = createProxyMiddleware<Request, Response>({
    target: baseUrl,
    agent,
    xfwd: true,
    proxyTimeout: silenceMs,
    on: {
      error: (error, req) => nexts.get(req)?.(unavailable(service, error)),
    },
  });
  return {
    forward: (req, res, next) => {
      nexts.set(req, next);
      void proxy(req, res, next);
    },
    ready: async () => {
      const response = await fetch(`${baseUrl}/health/ready`, { signal: AbortSignal.timeout(3000) });
      await response.body?.cancel();
      if (!response.ok) throw unavailable(service, undefined);
    },
  };
}
