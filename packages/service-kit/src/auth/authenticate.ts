import type { IncomingMessage } from 'node:http';
import { endpoints, ROLES, type Role } from '@lazyphotos/contracts';
import type { Request, RequestHandler } from 'express';
import { decode, type JwtPayload } from 'jsonwebtoken';
import passport from 'passport';
import { ExtractJwt, Strategy, type VerifiedCallback } from 'passport-jwt';
import { z } from 'zod';
import { ProblemError } from '../errors.js';
import type { Peers } from '../http/peers.js';
import { KeyCache, type KeySetSource, type NamedKey } from './key-cache.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Access tokens are for this API only (RFC 8725, section 3.9). */
export const TOKEN_ISSUER = 'lazyphotos';
export const TOKEN_AUDIENCE = 'lazyphotos-api';

/** The user of a request, and the session and device that it comes from, as its access token says. */
export interface Principal {
  userId: string;
  role: Role;
  /** The refresh-token family. */
  sessionId: string;
  deviceId?: string | undefined;
}

/** Kept beside the request, not on it, so that no header and no other middleware can forge it. */
const principals = new WeakMap<IncomingMessage, Principal>();

/** @throws ProblemError `unauthenticated` */
export function principalOf(req: IncomingMessage): Principal {
  const principal = principals.get(req);
  if (!principal) throw new ProblemError('unauthenticated', 'Send an access token as a bearer token.');
  return principal;
}

/** Returns the user of a request; undefined if it has not been authenticated. */
export const userOf = (req: IncomingMessage): string | undefined => principals.get(req)?.userId;

const claims = z.object({
  sub: z.uuid(),
  role: z.enum(ROLES),
  sid: z.uuid(),
  did: z.uuid().optional(),
});

const toPrincipal = (payload: unknown): Principal | undefined => {
  const { success, data } = claims.safeParse(payload);
  return success ? { userId: data.sub, role: data.role, sessionId: data.sid, deviceId: data.did } : undefined;
};

class KeyLookupError extends Error {}

function keyIdOf(token: string): string | undefined {
  try {
    return decode(token, { complete: true })?.header.kid;
  } catch {
    return undefined;
  }
}

/** Finds the public key that a token names. @throws ProblemError `unauthenticated` when there is no such key */
async function signerOf(keys: KeyCache, token: string): Promise<NamedKey> {
  const kid = keyIdOf(token);
  const key = kid === undefined ? undefined : await keys.find(kid);
  if (kid === undefined || !key)
    throw new ProblemError('unauthenticated', 'The access token is signed with an unknown key.');
  return { kid, key };
}

const bearerToken = ExtractJwt.fromAuthHeaderAsBearerToken();

/** Returns the strategy that verifies access tokens, and adds those that are good to `verifiedTokens`. */
function createStrategy(keys: KeyCache, verifiedTokens: VerifiedTokens): Strategy {
  const signers = new WeakMap<IncomingMessage, NamedKey>();
  return new Strategy(
    {
      jwtFromRequest: bearerToken,
      passReqToCallback: true,
      algorithms: ['ES256'],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      secretOrKeyProvider: (req, token: string, done) => {
        signerOf(keys, token).then(
          (signer) => {
            signers.set(req, signer);
            // passport-jwt hands the key on to jsonwebtoken, which accepts a parsed one; the types do not say so.
            done(null, signer.key as unknown as Buffer);
          },
          // passport-jwt refuses the token and hands this error on as the reason.
          (cause: unknown) => done(new KeyLookupError('the signing key was not found', { cause })),
        );
      },
    },
    (req: Request, payload: JwtPayload, done: VerifiedCallback) => {
      const principal = toPrincipal(payload);
      const token = bearerToken(req);
      const signer = signers.get(req);
      // A token without an expiry is verified each time.
      if (principal && token !== null && signer && payload.exp !== undefined)
        verifiedTokens.add(token, { principal, expiresAt: payload.exp, signer });
      done(null, principal ?? false);
    },
  );
}

/** Requires a valid ES256 access token and keeps its principal. @throws ProblemError `unauthenticated` */
export function createAuthenticate(source: KeySetSource): RequestHandler {
  const keys = new KeyCache(source);
  const verifiedTokens = new VerifiedTokens(keys);
  const authenticator = new passport.Passport();
  authenticator.use('access-token', createStrategy(keys, verifiedTokens));
  return (req, res, next) => {
    // In one process the gateway has checked the same request already.
    if (principals.has(req)) return next();
    const token = bearerToken(req);
    const known = token === null ? undefined : verifiedTokens.find(token);
    if (known) {
      principals.set(req, known);
      return next();
    }
    const verify = authenticator.authenticate(
      'access-token',
      { session: false },
      (error: unknown, principal: Principal | false, refusal: unknown) => {
        if (error) return next(error);
        if (refusal instanceof KeyLookupError) return next(asAuthProblem(refusal.cause));
        if (!principal)
          return next(new ProblemError('unauthenticated', 'The access token is missing, wrong or expired.'));
        principals.set(req, principal);
        next();
      },
    );
    verify(req, res, next);
  };
}

/** A key that is not in the set makes the token wrong (401); a key set that cannot be read does not (503). */
function asAuthProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  return new ProblemError('service_unavailable', 'The signing keys cannot be read.', {
    headers: { 'Retry-After': '5' },
    cause: error,
  });
}

/** A key set source that reads the set from the auth service. */
export const remoteKeySet =
  (peers: Peers, authUrl: string): KeySetSource =>
  () =>
    peers.call(authUrl, endpoints.jwks, {});
