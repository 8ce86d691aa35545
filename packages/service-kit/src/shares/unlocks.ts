import { createHash, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { TOKEN_ISSUER } from '../auth/authenticate.js';
import { deriveKey } from './media-handles.js';

/** How long the password of a link is not asked for again. */
const LIFETIME_SECONDS = 12 * 3600;
const AUDIENCE = 'lazyphotos-share';

/** The subject of an unlock: it names the link, but gives no access to it. */
const subjectOf = (token: string): string =>
  createHash('sha256').update('unlock').update(token).digest('base64url');

/**
 * Unlock tokens: what a visitor gets for the password of a share link. A JWT (HS256) for one link and one version of its
 * password: it opens no other link, also not one with the same password, and a new password ends it.
 */
export class Unlocks {
  readonly #key: KeyObject;

  constructor(
    signingKey: string,
    readonly now: () => number,
  ) {
    this.#key = deriveKey(signingKey, 'share unlock');
  }

  /** An unlock ends with its link at the latest. */
  issue(
    token: string,
    passwordVersion: number,
    linkExpiresAt: Date | null,
  ): { token: string; expiresAt: Date } {
    const iat = Math.floor(this.now() / 1000);
    const end = iat + LIFETIME_SECONDS;
    const exp = linkExpiresAt ? Math.min(end, Math.ceil(linkExpiresAt.getTime() / 1000)) : end;
    const claims = { pv: passwordVersion, iat, exp };
    const unlock = jwt.sign(claims, this.#key, {
      algorithm: 'HS256',
      issuer: TOKEN_ISSUER,
      audience: AUDIENCE,
      subject: subjectOf(token),
    });
    return { token: unlock, expiresAt: new Date(exp * 1000) };
  }

  /** Returns the version of the link's password that was given; undefined without a valid unlock of this link. */
  passwordVersionOf(token: string, unlockToken: string | undefined): number | undefined {
    if (unlockToken === undefined) return undefined;
    try {
      const payload = jwt.verify(unlockToken, this.#key, {
        algorithms: ['HS256'],
        issuer: TOKEN_ISSUER,
        audience: AUDIENCE,
        subject: subjectOf(token),
        clockTimestamp: Math.floor(this.now() / 1000),
      });
      const version = typeof payload === 'object' ? (payload.pv as unknown) : undefined;
      return typeof version === 'number' ? version : undefined;
    } catch {
      return undefined;
    }
  }
}
