import type { IncomingMessage } from 'node:http';
import type { Endpoint, ServiceName } from '@lazyphotos/contracts';
import type { RequestHandler } from 'express';
import type { ServiceIdentity } from '../auth/service-identity.js';
import { createServiceTokenVerifier, SERVICE_TOKEN_HEADER } from '../auth/service-token.js';
import { ProblemError } from '../errors.js';
import type { Logger } from '../logger.js';

/** Kept beside the request, as the principal is: no header can forge it. */
const callers = new WeakMap<IncomingMessage, ServiceName>();

/**
 * Lets only those through who show a service token for this service, and remembers which service it was.
 * @throws ProblemError `peer_required`. Not a 401: that would tell a phone, whose request the gateway passed on, that it is
 * signed out.
 */
export function createPeerGuard(
  identity: ServiceIdentity,
  logger: Logger,
  now?: () => number,
): RequestHandler {
  const verify = createServiceTokenVerifier(identity, now);
  return (req, _res, next) => {
    const token = req.get(SERVICE_TOKEN_HEADER);
    // From here on nothing can log it or answer it.
    delete req.headers[SERVICE_TOKEN_HEADER];
    try {
      if (token === undefined) throw new Error('there is none');
      callers.set(req, verify(token));
    } catch (error) {
      logger.warn('refused a call without a good service token', { reason: (error as Error).message });
      return next(new ProblemError('peer_required', 'Ask the gateway.'));
    }
    next();
  };
}

/** Lets only the services through that the endpoint is for. @throws ProblemError `forbidden` */
export const requireCaller =
  ({ callers: allowed = [] }: Endpoint): RequestHandler =>
  (req, _res, next) => {
    const caller = callers.get(req);
    if (caller !== undefined && allowed.includes(caller)) return next();
    next(new ProblemError('forbidden', 'This is for other services.'));
  };
