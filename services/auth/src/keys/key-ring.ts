import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { newId } from '@lazyphotos/service-kit';
import type { KeyStore, SigningJwk } from './key-store.js';

const generatePair = promisify(generateKeyPair);

export interface SigningKey {
  kid: string;
  privateKey: KeyObject;
}

/** Named one by one, so that a private part can never slip through. */
const publicPart = ({ kty, crv, x, y, kid }: SigningJwk) => ({
  kty,
  crv,
  x,
  y,
  kid,
  alg: 'ES256',
  use: 'sig',
});
export type PublicJwk = ReturnType<typeof publicPart>;

export interface KeyRing {
  /** Makes the first key when there is none. */
  start(): Promise<void>;
  signingKey(): SigningKey;
  /** Public parts only. */
  keySet(): Promise<{ keys: PublicJwk[] }>;
}

async function generate(): Promise<SigningJwk> {
  const { privateKey } = await generatePair('ec', { namedCurve: 'P-256' });
  const jwk = privateKey.export({ format: 'jwk' }) as Omit<SigningJwk, 'kid'>;
  return { ...jwk, kid: newId() };
}

/**
 * The newest key signs; all of them verify. The store is read again whenever the set is asked for, so a key that another
 * replica made, or that an operator put there to rotate, is known to whoever verifies before it is needed.
 */
export function createKeyRing(store: KeyStore): KeyRing {
  let newest: SigningKey | undefined;

  const load = async (): Promise<SigningJwk[]> => {
    const keys = (await store.load()).sort((a, b) => (a.kid < b.kid ? 1 : -1));
    const [first] = keys;
    if (first && first.kid !== newest?.kid) {
      newest = { kid: first.kid, privateKey: createPrivateKey({ key: first, format: 'jwk' }) };
    }
    return keys;
  };

  return {
    start: async () => {
      if ((await load()).length > 0) return;
      await store.save(await generate());
      await load();
    },
    signingKey: () => {
      if (!newest) throw new Error('the key ring has not been started');
      return newest;
    },
    keySet: async () => ({ keys: (await load()).map(publicPart) }),
  };
}
