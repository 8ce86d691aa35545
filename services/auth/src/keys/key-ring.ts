import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { newId } from '@lazyphotos/service-kit';

/** A private key for ES256 (RFC 7518, section 6.2). `kid` is a UUID version 7: the greatest is the newest. */
export type SigningJwk = {
  kty: 'EC';
  crv: 'P-256';
  kid: string;
  x: string;
  y: string;
  d: string;
};

/** Where the signing keys are stored. */
export interface KeyStore {
  /** Resolves to all keys, in any order. */
  load(): Promise<SigningJwk[]>;
  /** Once this resolves, the key survives a power cut. */
  save(key: SigningJwk): Promise<void>;
}

interface SigningKey {
  kid: string;
  privateKey: KeyObject;
}

type PublicJwk = Omit<SigningJwk, 'd'> & { alg: 'ES256'; use: 'sig' };

const generatePair = promisify(generateKeyPair);

/**
 * The newest key signs; all of them verify. The store is read again for every request for the key set. So a verifier knows a key that
 * another replica made, or that an operator added to rotate, before it needs it.
 */
export class KeyRing {
  #newest: SigningKey | undefined;

  constructor(private readonly store: KeyStore) {}

  /** Makes the first key when there is none. */
  async start(): Promise<void> {
    if ((await this.#load()).length > 0) return;
    await this.store.save(await generateKey());
    await this.#load();
  }

  signingKey(): SigningKey {
    if (!this.#newest) throw new Error('the key ring has not been started');
    return this.#newest;
  }

  /** Resolves to the public parts only. */
  async keySet(): Promise<{ keys: PublicJwk[] }> {
    return { keys: (await this.#load()).map(publicPart) };
  }

  async #load(): Promise<SigningJwk[]> {
    const keys = (await this.store.load()).sort((a, b) => (a.kid < b.kid ? 1 : -1));
    const [first] = keys;
    if (first && first.kid !== this.#newest?.kid) {
      this.#newest = { kid: first.kid, privateKey: createPrivateKey({ key: first, format: 'jwk' }) };
    }
    return keys;
  }
}

async function generateKey(): Promise<SigningJwk> {
  const { privateKey } = await generatePair('ec', { namedCurve: 'P-256' });
  const jwk = privateKey.export({ format: 'jwk' }) as Omit<SigningJwk, 'kid'>;
  return { ...jwk, kid: newId() };
}

/** Names each member, so that the private part cannot be included by accident. */
function publicPart({ kty, crv, x, y, kid }: SigningJwk): PublicJwk {
  return { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' };
}
