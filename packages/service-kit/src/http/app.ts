import type { Endpoint } from '@lazyphotos/contracts';
import express, { type Express, type RequestHandler, Router } from 'express';
import { ProblemError } from '../errors.js';
import { createReadiness, type ReadinessCheck, requireReady } from '../health.js';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics.js';
import { methodNotAllowed } from './methods.js';
import { type Handler, mountEndpoint } from './mount.js';
import { problemHandler } from './problems.js';
import { requestScope, setRoute } from './request-scope.js';

/** What every service is given to stand on. */
export interface Chassis {
  name: string;
  version: string;
  logger: Logger;
  metrics: Metrics;
  authenticate: RequestHandler;
  validateAnswers: boolean;
  /**
   * Where a service has a port of its own: refuses whoever is neither the gateway nor a peer. The gateway has none, nor have
   * services in one process, which call each other's functions; those have no endpoints for services at all.
   */
  peerGuard?: RequestHandler | undefined;
}

export interface ServiceApp {
  app: Express;
  /** Routes that are not of the public API go here. */
  router: Router;
  /** Rejects unless every check passes. */
  ready(): Promise<void>;
  mount<E extends Endpoint>(endpoint: E, handler: Handler<E>): void;
}

/** An Express application with everything that the services share; routes are added by `mount` and `router`. */
export function createServiceApp(chassis: Chassis, checks: Record<string, ReadinessCheck>): ServiceApp {
  const readiness = createReadiness(checks);
  const { name, version, logger, metrics, authenticate, validateAnswers, peerGuard } = chassis;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestScope(name, logger, metrics));
  app.get('/health', (req, res) => {
    setRoute(req, '/health');
    res.json({ status: 'ok', service: name, version });
  });
  app.get('/health/ready', async (req, res) => {
    setRoute(req, '/health/ready');
    const report = await readiness();
    if (!report.ready) res.setHeader('Retry-After', '5');
    res
      .status(report.ready ? 200 : 503)
      .json({ status: report.ready ? 'ready' : 'not_ready', checks: report.checks });
  });
  if (peerGuard) app.use(peerGuard);
  app.all(['/health', '/health/ready'], methodNotAllowed(['GET']));
  const router = Router();
  app.use(router);
  app.use((_req, _res, next) => next(new ProblemError('not_found', 'There is no such path.')));
  app.use(problemHandler(logger));
  return {
    app,
    router,
    ready: async () => requireReady(await readiness()),
    mount: (endpoint, handler) => {
      if (endpoint.auth === 'service' && !peerGuard) return;
      mountEndpoint({ router, authenticate, validateAnswers }, endpoint, handler);
    },
  };
}
