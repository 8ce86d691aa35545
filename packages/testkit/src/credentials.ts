import { generateKeyPairSync, type JsonWebKey, randomUUID, sign } from 'node:crypto';

const SERVICES = ['gateway', 'auth', 'upload', 'catalog', 'feed', 'media-worker'];

export interface TokenIssuerOptions {
  /** What the service under test expects in `iss` and `aud`. */
  issuer: string;
  audience: string;
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

export interface TokenIssuer {
  /** What the auth service publishes. */
  keySet(): Promise<{ keys: (JsonWebKey & { kid: string })[] }>;
  /** A token of this user, valid for an hour. */
  tokenFor(userId: string, claims?: object): string;
}

/** Issues ES256 access tokens as the auth service does, for services that only verify them. */
export function createTokenIssuer({ issuer, audience }: TokenIssuerOptions): TokenIssuer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomUUID();
  const key = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
  return {
    keySet: async () => ({ keys: [key] }),
    tokenFor: (userId: string, claims = {}): string => {
      const now = Math.floor(Date.now() / 1000);
      const usual = { iss: issuer, aud: audience, sub: userId, role: 'member', sid: randomUUID() };
      const payload = { ...usual, iat: now, exp: now + 3600, ...claims };
      const content = `${encode({ alg: 'ES256', typ: 'JWT', kid })}.${encode(payload)}`;
      // JOSE has the two numbers of the signature side by side, not in ASN.1 (RFC 7518, section 3.4).
      const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${content}.${signature.toString('base64url')}`;
    },
  };
}

function createKeyPair() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  };
}

export interface ServiceKeys {
  privateKey(service: string): string;
  /** The public keys of all services, comma-separated. */
  peerKeys: string;
}

/** A key pair for each service, in the form of LAZYPHOTOS_SERVICE_KEY and LAZYPHOTOS_PEER_KEYS. */
export function createServiceKeys(services: readonly string[] = SERVICES): ServiceKeys {
  const pairs = new Map(services.map((name) => [name, createKeyPair()]));
  return {
    privateKey: (name: string): string => {
      const pair = pairs.get(name);
      if (!pair) throw new Error(`there is no service ${name}`);
      return pair.privateKey;
    },
    peerKeys: [...pairs].map(([name, { publicKey }]) => `${name}=${publicKey}`).join(','),
  };
}
