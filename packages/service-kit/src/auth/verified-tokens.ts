import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Principal } from './authenticate.js';
import type { KeyCache, NamedKey } from './key-cache.js';

/** About as many devices as are busy at a time. An entry takes half a kilobyte. */
const MAX_TOKENS = 1000;

interface VerifiedToken {
  principal: Principal;
  /** Unix time in seconds. */
  expiresAt: number;
  signer: NamedKey;
}

/**
 * Access tokens that were verified. A client sends the same one with every request until it expires, and verifying its signature again
 * is a large part of what a small request costs. An entry counts only until the token expires, and only as long as the key that signed
 * it is in the key set. The tokens themselves are not kept: entries are found by their hash.
 */
export class VerifiedTokens {
  readonly #keys: KeyCache;
  readonly #tokens = new LRUCache<string, VerifiedToken>({ max: MAX_TOKENS });

  constructor(keys: KeyCache) {
    this.#keys = keys;
  }

  /** Returns the principal of a token that was verified and is still valid. */
  find(token: string): Principal | undefined {
    const found = this.#tokens.get(hash('sha256', token));
    if (found === undefined || found.expiresAt <= Date.now() / 1000) return undefined;
    const { kid, key } = found.signer;
    return this.#keys.known(kid) === key ? found.principal : undefined;
  }

  add(token: string, verified: VerifiedToken): void {
    this.#tokens.set(hash('sha256', token), verified);
  }
}
