import type { Role } from '@lazyphotos/contracts';
import { TOKEN_AUDIENCE, TOKEN_ISSUER } from '@lazyphotos/service-kit';
import jwt from 'jsonwebtoken';
import type { Clock } from '../context.js';
import type { KeyRing } from '../keys/key-ring.js';

export interface AccessTokenSubject {
  userId: string;
  role: Role;
  sessionId: string;
  deviceId: string | null;
}

/** Signs short-lived JWTs (ES256) that every service can verify from the key set alone. */
export function createAccessTokens(deps: { keys: KeyRing; clock: Clock; lifetimeSeconds: number }) {
  const { keys, clock, lifetimeSeconds } = deps;
  return (subject: AccessTokenSubject): string => {
    const { kid, privateKey } = keys.signingKey();
    const issuedAt = Math.floor(clock().getTime() / 1000);
    const { userId, role, sessionId, deviceId } = subject;
    const claims = {
      sub: userId,
      role,
      sid: sessionId,
      ...(deviceId === null ? {} : { did: deviceId }),
      iss: TOKEN_ISSUER,
      aud: TOKEN_AUDIENCE,
      iat: issuedAt,
      exp: issuedAt + lifetimeSeconds,
    };
    return jwt.sign(claims, privateKey, { algorithm: 'ES256', keyid: kid });
  };
}
export type AccessTokens = ReturnType<typeof createAccessTokens>;
