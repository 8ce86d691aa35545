import { type Endpoint, endpoints, type ServiceName } from '@lazyphotos/contracts';
import { methodNotAllowed, notFound, setRoute } from '@lazyphotos/service-kit';
import type { RequestHandler, Router } from 'express';
import type { Limits } from './limits/limiter.js';
import type { Upstream } from './upstreams/upstream.js';

export type RoutedService = Exclude<ServiceName, 'gateway' | 'media-worker'>;

export interface RouteDeps {
  upstreams: Readonly<Record<RoutedService, Upstream>>;
  limits: Limits;
  requireClaimed: RequestHandler;
  authenticate: RequestHandler;
}

/** Endpoints where somebody may try to guess a secret. */
const guessable = new Set<string>(['login', 'register', 'refresh', 'claimServer', 'changePassword']);

const expressPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1');

/**
 * Refuses a path whose variable parts are not what the contract says. They name nothing, so the answer is the service's own;
 * and no `..`, backslash or encoded slash in them can lead whoever reads the path next somewhere else.
 */
const requireParams =
  ({ params }: Endpoint): RequestHandler =>
  (req, _res, next) =>
    next(params && !params.safeParse(req.params).success ? notFound('thing') : undefined);

/** The steps before a request is passed on, as its endpoint says. */
function stepsFor(endpoint: Endpoint, deps: RouteDeps): RequestHandler[] {
  const upstream = deps.upstreams[endpoint.service as RoutedService];
  return [
    (req, _res, next) => {
      setRoute(req, endpoint.path);
      next();
    },
    ...(endpoint.auth === 'none' ? [deps.limits.anonymous] : []),
    ...(guessable.has(endpoint.id) ? [deps.limits.signIn] : []),
    ...(endpoint.whileUnclaimed ? [] : [deps.requireClaimed]),
    ...(endpoint.auth === 'bearer' ? [deps.authenticate] : []),
    requireParams(endpoint),
    upstream.forward,
  ];
}

/** Routes the public API, and nothing but it, to the services: what is not in the contracts is not reachable. */
export function mountRoutes(router: Router, deps: RouteDeps): void {
  const methods = new Map<string, string[]>();
  for (const endpoint of Object.values<Endpoint>(endpoints)) {
    router[endpoint.method](expressPath(endpoint.path), ...stepsFor(endpoint, deps));
    methods.set(endpoint.path, [...(methods.get(endpoint.path) ?? []), endpoint.method.toUpperCase()]);
  }
  for (const [path, allowed] of methods) router.all(expressPath(path), methodNotAllowed(allowed));
}
