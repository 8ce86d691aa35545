import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint } from '@lazyphotos/contracts';
import express, { type Express, type Request, type RequestHandler, Router } from 'express';
import { createRequestIds, withRequestId } from '../context.js';
import { isProblem, isRefusal, ProblemError, toProblem } from '../errors.js';
import { type Dependencies, Readiness } from '../health.js';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics.js';
import { endpointSteps, type Handler } from './mount.js';
import { problemHandler, shownPath } from './problems.js';
import { type BodyLimits, limitBodies } from './slow-bodies.js';

/** What every service is built on. */
export interface Chassis {
  name: string;
  version: string;
  logger: Logger;
  metrics: Metrics;
  authenticate: RequestHandler;
  validateAnswers: boolean;
  /** Those of production if absent. */
  bodyLimits?: BodyLimits | undefined;
  /**
   * Refuses requests that come neither from the gateway nor from a peer. The gateway itself has none, nor have services in one
   * process: they call each other's functions, and have no endpoints for services at all.
   */
  peerGuard?: RequestHandler | undefined;
}

export interface ServiceApp {
  app: Express;
  /** Routes that are not of the public API go here. */
  router: Router;
  /** Rejects unless every dependency is ready; with `storage_full` when one is only full. */
  ready(): Promise<void>;
  /** Returns the problem that a fault means, also one of a dependency. */
  problemOf(error: unknown): ProblemError;
  /** Whether a fault means that a dependency is away, busy or full: the same work may succeed later, and says nothing against its input. */
  isOutage(error: unknown): boolean;
  mount<E extends Endpoint>(endpoint: E, handler: Handler<E>): void;
}

const REQUEST_ID = /^[\w.:-]{1,100}$/;
const newRequestId = createRequestIds();

/** The template of a request's route (`/photos/{id}`), so that the number of metrics does not grow with ids. */
const ROUTE = Symbol('route');
type RoutedMessage = IncomingMessage & { [ROUTE]?: string };
export const setRoute = (req: RoutedMessage, template: string): void => {
  req[ROUTE] = template;
};

/** The language that `Accept-Language` prefers (RFC 9110, section 12.5.4). */
function languageOf(req: Request): string | undefined {
  const [language] = req.headers['accept-language'] === undefined ? [] : req.acceptsLanguages();
  return language === '*' ? undefined : language;
}

/** Logs and measures the request once, when its response is finished or its connection closed. */
export function reportRequest(
  { name: service, logger, metrics }: Chassis,
  requestId: string,
  res: ServerResponse,
): void {
  const req: RoutedMessage = res.req;
  const started = performance.now();
  // Not `originalUrl`: it is reported before a router can change it.
  const path = shownPath(req.url ?? '');
  let isReported = false;
  const report = (status: number | 'aborted') => {
    if (isReported) return;
    isReported = true;
    const seconds = (performance.now() - started) / 1000;
    const route = req[ROUTE] ?? 'none';
    metrics.httpDuration.observe(
      { service, method: req.method ?? '', route, status: String(status) },
      seconds,
    );
    const level = route.startsWith('/health') ? 'debug' : 'info';
    const ms = Math.round(seconds * 1000);
    logger[level]('request', { requestId, method: req.method, path, status, ms });
  };
  if (res.destroyed) {
    report('aborted');
    return;
  }
  res.once('finish', () => report(res.statusCode));
  res.once('close', () => report(res.writableFinished ? res.statusCode : 'aborted'));
}

/** Returns the request's `X-Request-Id`, or a new one if it has none that can be used. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newRequestId();
}

/** Takes or makes `X-Request-Id`, and runs the rest of the request under it. */
function requestScope(chassis: Chassis): RequestHandler {
  return (req, res, next) => {
    const requestId = requestIdOf(req);
    req.headers['x-request-id'] = requestId;
    res.setHeader('X-Request-Id', requestId);
    reportRequest(chassis, requestId, res);
    withRequestId(requestId, next, languageOf(req));
  };
}

/** Responds with 405 and names the methods that the path has (RFC 9110, section 15.5.6). GET implies HEAD. */
export function methodNotAllowed(methods: readonly string[]): RequestHandler {
  const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  return (_req, _res, next) =>
    next(new ProblemError('method_not_allowed', `Allowed here: ${allow}.`, { headers: { Allow: allow } }));
}

function mountHealth(app: Express, { name, version }: Chassis, readiness: Readiness): void {
  app.get('/health', (req, res) => {
    setRoute(req, '/health');
    res.json({ status: 'ok', service: name, version });
  });
  app.get('/health/ready', async (req, res) => {
    setRoute(req, '/health/ready');
    const { ready, checks } = await readiness.report();
    if (!ready) res.setHeader('Retry-After', '5');
    res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not_ready', checks });
  });
}

/** Returns the path of an endpoint as Express writes it. */
export const expressPathOf = ({ path }: Pick<Endpoint, 'path'>): string => path.replace(/\{(\w+)\}/g, ':$1');

/** An Express application with everything that the services share; routes are added by `mount` and `router`. */
export function createServiceApp(chassis: Chassis, dependencies: Dependencies): ServiceApp {
  const { logger, peerGuard } = chassis;
  const readiness = new Readiness(dependencies);
  const translators = Object.values(dependencies).flatMap(({ translateError }) => translateError ?? []);
  const problemOf = (error: unknown) => toProblem(error, translators);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestScope(chassis));
  app.use(limitBodies(chassis));
  mountHealth(app, chassis, readiness);
  if (peerGuard) app.use(peerGuard);
  app.all(['/health', '/health/ready'], methodNotAllowed(['GET']));
  const router = Router();
  app.use(router);
  app.use((_req, _res, next) => next(new ProblemError('not_found', 'There is no such path.')));
  app.use(problemHandler(logger, problemOf));
  return {
    app,
    router,
    problemOf,
    isOutage: (error) =>
      isProblem(problemOf(error), 'service_unavailable', 'storage_full') && !isRefusal(error),
    ready: () => readiness.require(),
    mount: (endpoint, handler) => {
      if (endpoint.auth === 'service' && !peerGuard) return;
      const path = expressPathOf(endpoint);
      const route: RequestHandler = (req, _res, next) => {
        setRoute(req, endpoint.path);
        next();
      };
      router[endpoint.method](path, route, ...endpointSteps(chassis, endpoint, handler));
    },
  };
}
