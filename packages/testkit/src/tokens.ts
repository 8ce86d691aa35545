import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';

export interface TokenIssuerOptions {
  /** What the service under test expects in `iss` and `aud`. */
  issuer: string;
  audience: string;
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Issues ES256 access tokens as the auth service does, for services that only verify them. */
export function createTokenIssuer({ issuer, audience }: TokenIssuerOptions) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomUUID();
  const key = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
  return {
    /** What the auth service publishes. */
    keySet: async () => ({ keys: [key] }),
    /** A token of this user, good for an hour. */
    tokenFor: (userId: string, claims: object = {}): string => {
      const now = Math.floor(Date.now() / 1000);
      const usual = { iss: issuer, aud: audience, sub: userId, role: 'member', sid: randomUUID() };
      const payload = { ...usual, iat: now, exp: now + 3600, ...claims };
      const content = `${encode({ alg: 'ES256', typ: 'JWT', kid })}.${encode(payload)}`;
      // JOSE wants the two numbers of the signature side by side, not in ASN.1 (RFC 7518, section 3.4).
      const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${content}.${signature.toString('base64url')}`;
    },
  };
}
export type TokenIssuer = ReturnType<typeof createTokenIssuer>;
