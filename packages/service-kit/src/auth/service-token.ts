import type { ServiceName } from '@lazyphotos/contracts';
import jwt from 'jsonwebtoken';
import type { ServiceIdentity } from './service-identity.js';

/** Of its own, because `Authorization` carries the user's token through to the service. */
export const SERVICE_TOKEN_HEADER = 'x-service-token';

const LIFETIME_SECONDS = 120;
/** A token with less left than this is made anew, so that it does not expire on its way. */
const RENEW_SECONDS = 60;
/** How far the clocks of two machines may be apart. */
const TOLERANCE_SECONDS = 30;
/** Every replica of every peer has one token at a time; more are not worth remembering. */
const REMEMBERED = 256;

type Clock = () => number;
const secondsOf = (now: Clock): number => Math.floor(now() / 1000);

/** Answers the token with which this service calls another one; the same for a while. */
export function createServiceTokens({ name, privateKey }: ServiceIdentity, now: Clock = Date.now) {
  const issued = new Map<ServiceName, { token: string; expiresAt: number }>();
  return (audience: ServiceName): string => {
    const iat = secondsOf(now);
    const known = issued.get(audience);
    if (known && known.expiresAt - iat > RENEW_SECONDS) return known.token;
    const token = jwt.sign({ iat }, privateKey, {
      algorithm: 'ES256',
      issuer: name,
      audience,
      expiresIn: LIFETIME_SECONDS,
    });
    issued.set(audience, { token, expiresAt: iat + LIFETIME_SECONDS });
    return token;
  };
}

/** What a token claims, before anything about it is checked. */
function claimedIssuer(token: string): unknown {
  const payload = jwt.decode(token);
  return typeof payload === 'object' ? payload?.iss : undefined;
}

/**
 * Answers which service made a token for this one.
 * @throws Error saying what is wrong with the token, without showing it
 */
export function createServiceTokenVerifier({ name, peerKeys }: ServiceIdentity, now: Clock = Date.now) {
  const verified = new Map<string, { caller: ServiceName; expiresAt: number }>();

  const verify = (token: string) => {
    const claimed = claimedIssuer(token);
    const [caller, key] = [...peerKeys].find(([peer]) => peer === claimed) ?? [];
    if (!caller || !key) throw new Error(`no key of ${JSON.stringify(claimed)?.slice(0, 50)} is known`);
    const payload = jwt.verify(token, key, {
      algorithms: ['ES256'],
      issuer: caller,
      audience: name,
      clockTimestamp: secondsOf(now),
      clockTolerance: TOLERANCE_SECONDS,
      maxAge: LIFETIME_SECONDS,
    });
    if (typeof payload === 'string' || payload.exp === undefined) throw new Error('it never expires');
    return { caller, expiresAt: payload.exp + TOLERANCE_SECONDS };
  };

  return (token: string): ServiceName => {
    const known = verified.get(token);
    if (known && known.expiresAt > secondsOf(now)) return known.caller;
    verified.delete(token);
    const good = verify(token);
    const [oldest] = verified.keys();
    if (oldest !== undefined && verified.size >= REMEMBERED) verified.delete(oldest);
    verified.set(token, good);
    return good.caller;
  };
}
