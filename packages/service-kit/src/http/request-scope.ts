import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { withRequestId } from '../context.js';
import { newId } from '../ids.js';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics.js';
import { shownPath } from './shown-path.js';

const REQUEST_ID = /^[\w.:-]{1,100}$/;

/** The template of the route that answered (`/photos/{id}`), so that metrics do not grow with ids. */
const routes = new WeakMap<IncomingMessage, string>();
export const setRoute = (req: IncomingMessage, template: string): void => {
  routes.set(req, template);
};

/** Takes or makes `X-Request-Id`, answers it, and logs and measures the request when it ends. */
export function requestScope(service: string, logger: Logger, metrics: Metrics): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id');
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : newId();
    req.headers['x-request-id'] = requestId;
    res.setHeader('X-Request-Id', requestId);
    const started = process.hrtime.bigint();
    const path = shownPath(req.originalUrl);
    let logged = false;
    const done = (aborted: boolean) => {
      if (logged) return;
      logged = true;
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      const route = routes.get(req) ?? 'none';
      const status = aborted ? 'aborted' : String(res.statusCode);
      metrics.httpDuration.observe({ service, method: req.method, route, status }, seconds);
      const level = route.startsWith('/health') ? 'debug' : 'info';
      logger[level]('request', {
        requestId,
        method: req.method,
        path,
        status: aborted ? 'aborted' : res.statusCode,
        ms: Math.round(seconds * 1000),
      });
    };
    res.once('finish', () => done(false));
    res.once('close', () => done(!res.writableFinished));
    withRequestId(requestId, next);
  };
}
