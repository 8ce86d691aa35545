import { type Endpoint, endpoints, type NodeApi, type ServiceName } from '@lazyphotos/contracts';
import { expressPathOf, methodNotAllowed, notFound, ProblemError, setRoute } from '@lazyphotos/service-kit';
import type { Request, RequestHandler, Response, Router } from 'express';
import type { Limits } from './limits.js';
import type { Traffic } from './traffic/traffic.js';

/** A service behind the gateway. */
export interface Upstream {
  /** Sends the request to the service and its response to the client; both are streamed. */
  forward: RequestHandler;
  /** Rejects while the service is not ready. */
  ready(): Promise<unknown>;
  /** Whether it is in another process: `forward` then takes a connection, and expects all bodies but chunks in `req.body`. */
  isRemote: boolean;
}

/** A service in the same process: its Express application handles the request. */
export const localUpstream = (service: {
  handler: (req: Request, res: Response) => void;
  ready(): Promise<unknown>;
}): Upstream => ({
  forward: (req, res) => service.handler(req, res),
  ready: () => service.ready(),
  isRemote: false,
});

export type RoutedService = Exclude<ServiceName, 'gateway' | 'media-worker'>;

export interface RouteDeps {
  upstreams: Readonly<Record<RoutedService, Upstream>>;
  limits: Limits;
  traffic: Traffic;
  node: NodeApi;
  authenticate: RequestHandler;
}

/**
 * Endpoints with which an attacker could guess a secret. Not a refresh: its tokens cannot be guessed, and failed
 * sign-ins at an address must not end the sessions of others there.
 */
const GUESSABLE = new Set<string>(['login', 'register', 'claimServer', 'changePassword', 'unlockShare']);

/** Routes the public API to the services. What is not in the contracts cannot be reached. */
export function mountRoutes(router: Router, deps: RouteDeps): void {
  const byPath = Map.groupBy(Object.values<Endpoint>(endpoints), ({ path }) => path);
  // `/devices/register` comes before `/devices/{id}`: a method that only the second one has does not exist at the first.
  const literalFirst = [...byPath].sort(([a], [b]) => Number(a.includes('{')) - Number(b.includes('{')));
  for (const [path, ofPath] of literalFirst) {
    const expressPath = expressPathOf({ path });
    for (const endpoint of ofPath) router[endpoint.method](expressPath, ...stepsFor(endpoint, deps));
    router.all(expressPath, methodNotAllowed(ofPath.map(({ method }) => method.toUpperCase())));
  }
}

/** The steps that a request to an endpoint passes, the last of which forwards it. */
function stepsFor(endpoint: Endpoint, deps: RouteDeps): RequestHandler[] {
  const upstream = deps.upstreams[endpoint.service as RoutedService];
  const bodySteps = deps.traffic.bodySteps(endpoint);
  return [
    (req, _res, next) => {
      setRoute(req, endpoint.path);
      next();
    },
    // An attempt counts once its body is there: slow bodies must not use up the attempts of an address.
    ...(endpoint.auth === 'none' ? [deps.limits.anonymous, ...bodySteps] : []),
    ...(GUESSABLE.has(endpoint.id) ? [deps.limits.signIn] : []),
    ...(endpoint.id === 'unlockShare' ? [deps.limits.unlock] : []),
    ...(endpoint.whileUnclaimed ? [] : [requireClaimed(deps.node)]),
    ...(endpoint.auth === 'bearer' ? [deps.authenticate] : []),
    requireParams(endpoint),
    ...(endpoint.auth === 'bearer' ? bodySteps : []),
    ...deps.traffic.connectionSteps(endpoint),
    upstream.forward,
  ];
}

/** Refuses requests that an unclaimed node does not serve. */
const requireClaimed =
  (node: NodeApi): RequestHandler =>
  async (_req, _res, next) => {
    if (await node.isClaimed()) return next();
    throw new ProblemError(
      'server_unclaimed',
      'Claim this node first: register, sign in, POST /servers/claim.',
    );
  };

/**
 * Refuses a path whose variable parts do not match the contract. Such a path names nothing, so the response is the service's `not_found`. It also
 * means that no `..`, backslash or encoded slash reaches the next reader of the path.
 */
const requireParams =
  ({ params }: Endpoint): RequestHandler =>
  (req, _res, next) =>
    next(params && !params.safeParse(req.params).success ? notFound('thing') : undefined);
