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
const guessable = new Set<string>([
  'login',
  'register',
  'refresh',
  'claimServer',
  'changePassword',
  'unlockShare',
]);

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
    ...(endpoint.id === 'unlockShare' ? [deps.limits.unlock] : []),
    ...(endpoint.whileUnclaimed ? [] : [deps.requireClaimed]),
    ...(endpoint.auth === 'bearer' ? [deps.authenticate] : []),
    requireParams(endpoint),
    upstream.forward,
  ];
}

/** `/devices/register` before `/devices/{id}`: a method that only the second one has does not exist at the first. */
const literalFirst = (byPath: Map<string, Endpoint[]>): [string, Endpoint[]][] =>
  [...byPath].sort(([a], [b]) => Number(a.includes('{')) - Number(b.includes('{')));

/** Routes the public API, and nothing but it, to the services: what is not in the contracts is not reachable. */
export function mountRoutes(router: Router, deps: RouteDeps): void {
  for (const [path, ofPath] of literalFirst(
    Map.groupBy(Object.values<Endpoint>(endpoints), ({ path }) => path),
  )) {
    for (const endpoint of ofPath) router[endpoint.method](expressPath(path), ...stepsFor(endpoint, deps));
    router.all(expressPath(path), methodNotAllowed(ofPath.map(({ method }) => method.toUpperCase())));
  }
}
