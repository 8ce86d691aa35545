import type { IncomingMessage } from 'node:http';
import type { Endpoint, ServiceName } from '@lazyphotos/contracts';
import type { RequestHandler } from 'express';
import jwt from 'jsonwebtoken';
import { ProblemError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ServiceIdentity } from './service-identity.js';

/** A header of its own, because `Authorization` carries the user's token through to the service. */
export const SERVICE_TOKEN_HEADER = 'x-service-token';

const LIFETIME_SECONDS = 120;
/** A token with less time left than this is replaced, so that it does not expire on its way. */
const RENEW_SECONDS = 60;
/** The largest difference between the clocks of two machines. */
const TOLERANCE_SECONDS = 30;
/** The number of verified tokens that are kept: every replica of every peer has one at a time. */
const MAX_VERIFIED = 256;

type Clock = () => number;
const secondsOf = (now: Clock): number => Math.floor(now() / 1000);

/** Makes the tokens with which a service calls the others; a token is used for a while. */
export class ServiceTokens {
  readonly #issued = new Map<ServiceName, { token: string; expiresAt: number }>();

  constructor(
    readonly identity: ServiceIdentity,
    readonly now: Clock = Date.now,
  ) {}

  tokenFor(audience: ServiceName): string {
    const iat = secondsOf(this.now);
    const known = this.#issued.get(audience);
    if (known && known.expiresAt - iat > RENEW_SECONDS) return known.token;
    const token = jwt.sign({ iat }, this.identity.privateKey, {
      algorithm: 'ES256',
      issuer: this.identity.name,
      audience,
      expiresIn: LIFETIME_SECONDS,
    });
    this.#issued.set(audience, { token, expiresAt: iat + LIFETIME_SECONDS });
    return token;
  }
}

/** What a token claims, before anything about it is checked. */
function claimedIssuer(token: string): unknown {
  const payload = jwt.decode(token);
  return typeof payload === 'object' ? payload?.iss : undefined;
}

/** Verifies the tokens that other services show to this one. */
export class ServiceTokenVerifier {
  readonly #verified = new Map<string, { caller: ServiceName; expiresAt: number }>();

  constructor(
    readonly identity: ServiceIdentity,
    readonly now: Clock = Date.now,
  ) {}

  /** Returns the service that made the token for this one. @throws Error that says what is wrong, without the token */
  callerOf(token: string): ServiceName {
    const known = this.#verified.get(token);
    if (known && known.expiresAt > secondsOf(this.now)) return known.caller;
    this.#verified.delete(token);
    const verified = this.#verify(token);
    const [oldest] = this.#verified.keys();
    if (oldest !== undefined && this.#verified.size >= MAX_VERIFIED) this.#verified.delete(oldest);
    this.#verified.set(token, verified);
    return verified.caller;
  }

  #verify(token: string) {
    const { name, peerKeys } = this.identity;
    const claimed = claimedIssuer(token);
    const [caller, key] = [...peerKeys].find(([peer]) => peer === claimed) ?? [];
    if (!caller || !key) throw new Error(`no key of ${JSON.stringify(claimed)?.slice(0, 50)} is known`);
    const payload = jwt.verify(token, key, {
      algorithms: ['ES256'],
      issuer: caller,
      audience: name,
      clockTimestamp: secondsOf(this.now),
      clockTolerance: TOLERANCE_SECONDS,
      maxAge: LIFETIME_SECONDS,
    });
    if (typeof payload === 'string' || payload.exp === undefined) throw new Error('it never expires');
    return { caller, expiresAt: payload.exp + TOLERANCE_SECONDS };
  }
}

/** Kept beside the request, as the principal is: no header can forge it. */
const callers = new WeakMap<IncomingMessage, ServiceName>();

/**
 * Accepts only requests with a service token for this service, and keeps which service it is from.
 * @throws ProblemError `peer_required`. Not a 401: the gateway passes the response on to a phone, which would take itself for
 * signed out.
 */
export function createPeerGuard(identity: ServiceIdentity, logger: Logger, now?: Clock): RequestHandler {
  const verifier = new ServiceTokenVerifier(identity, now);
  return (req, _res, next) => {
    const token = req.get(SERVICE_TOKEN_HEADER);
    // So that no later step can log it or send it on.
    delete req.headers[SERVICE_TOKEN_HEADER];
    try {
      if (token === undefined) throw new Error('there is none');
      callers.set(req, verifier.callerOf(token));
    } catch (error) {
      logger.warn('refused a call without a good service token', { reason: (error as Error).message });
      return next(new ProblemError('peer_required', 'Send the request to the gateway.'));
    }
    next();
  };
}

/** Accepts only the services that the endpoint is for. @throws ProblemError `forbidden` */
export const requireCaller =
  ({ callers: allowed = [] }: Endpoint): RequestHandler =>
  (req, _res, next) => {
    const caller = callers.get(req);
    if (caller !== undefined && allowed.includes(caller)) return next();
    next(new ProblemError('forbidden', 'This is for other services.'));
  };
