import { createHash } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { TOKEN_ISSUER } from '../auth/authenticate.js';
import { deriveKey } from './derive-key.js';

/** How long a visitor who has given the password need not give it again. */
const LIFETIME_SECONDS = 12 * 3600;
const AUDIENCE = 'lazyphotos-share';

/** The subject of an unlock: it names the link without being the right to see it. */
const subjectOf = (token: string): string =>
  createHash('sha256').update('unlock').update(token).digest('base64url');

/**
 * Unlock tokens: what a visitor gets for the password of a share link. A JWT (HS256) for one link and one version of its
 * password: it opens no other link, also not one with the same password, and a new password ends it.
 */
export function createUnlocks(signingKey: string, now: () => number) {
  const key = deriveKey(signingKey, 'share unlock');
  const seconds = () => Math.floor(now() / 1000);

  /** `linkExpiresAt`: an unlock does not outlive its link. */
  const issue = (token: string, passwordVersion: number, linkExpiresAt: Date | null) => {
    const end = seconds() + LIFETIME_SECONDS;
    const exp = linkExpiresAt ? Math.min(end, Math.ceil(linkExpiresAt.getTime() / 1000)) : end;
    const claims = { pv: passwordVersion, iat: seconds(), exp };
    const unlock = jwt.sign(claims, key, {
      algorithm: 'HS256',
      issuer: TOKEN_ISSUER,
      audience: AUDIENCE,
      subject: subjectOf(token),
    });
    return { token: unlock, expiresAt: new Date(exp * 1000) };
  };

  /** Returns the version of the link's password that was given; undefined without a valid unlock of this link. */
  const passwordVersionOf = (token: string, unlockToken: string | undefined): number | undefined => {
    if (unlockToken === undefined) return undefined;
    try {
      const payload = jwt.verify(unlockToken, key, {
        algorithms: ['HS256'],
        issuer: TOKEN_ISSUER,
        audience: AUDIENCE,
        subject: subjectOf(token),
        clockTimestamp: seconds(),
      });
      const version = typeof payload === 'object' ? (payload.pv as unknown) : undefined;
      return typeof version === 'number' ? version : undefined;
    } catch {
      return undefined;
    }
  };
  return { issue, passwordVersionOf };
}
