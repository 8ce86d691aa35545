import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export interface JsonWebKeySet {
  keys: (JsonWebKey & { kid: string })[];
}

/** A public key with its id. */
export interface NamedKey {
  kid: string;
  key: KeyObject;
}

/** Reads the auth service's current keys: in one process from memory, otherwise over HTTP. */
export type KeySetSource = () => Promise<JsonWebKeySet>;

/** A key that was taken out of the set is valid for at most this long. */
const MAX_AGE_MS = 10 * 60_000;
/** Between the starts of two reads, however many made-up key ids the tokens have. */
const READ_INTERVAL_MS = 1000;

/**
 * Finds public keys by id, parsed once. Tokens with made-up keys must not disturb good ones: a known key comes from memory, also while
 * the set cannot be read. All tokens with unknown keys wait for the same next read, at most a second, so a new key is found soon
 * however many of them are made up.
 */
export class KeyCache {
  #keys = new Map<string, KeyObject>();
  /** Why the last read failed; undefined after one that succeeded. */
  #failure: unknown;
  /** The next read, until it starts. */
  #next: Promise<void> | undefined;
  #lastReadAt = Number.NEGATIVE_INFINITY;

  constructor(readonly source: KeySetSource) {}

  /** Returns a key that was in the set when it was last read, else undefined. A set that is old is read again in the background. */
  known(kid: string): KeyObject | undefined {
    const known = this.#keys.get(kid);
    // The holder of a good token neither waits for the read nor sees its failure.
    if (known !== undefined && performance.now() - this.#lastReadAt > MAX_AGE_MS) void this.#read();
    return known;
  }

  /** Resolves to undefined for a key that is not in the set. @throws the source's error if the set cannot be read */
  async find(kid: string): Promise<KeyObject | undefined> {
    const known = this.known(kid);
    if (known !== undefined) return known;
    await this.#read();
    if (!this.#keys.has(kid) && this.#failure !== undefined) throw this.#failure;
    return this.#keys.get(kid);
  }

  /** Resolves when a read has ended that started after this call. Never rejects. */
  #read(): Promise<void> {
    this.#next ??= this.#readOnce();
    return this.#next;
  }

  async #readOnce(): Promise<void> {
    await sleep(Math.max(0, this.#lastReadAt + READ_INTERVAL_MS - performance.now()));
    this.#next = undefined;
    this.#lastReadAt = performance.now();
    try {
      const { keys } = await this.source();
      if (keys.length === 0) throw new Error('the key set is empty');
      this.#keys = new Map(keys.map((key) => [key.kid, this.#parse(key)]));
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
    }
  }

  /** Returns the object of a key that was there before: tokens that it has verified need not be verified again. */
  #parse({ kid, ...key }: JsonWebKeySet['keys'][number]): KeyObject {
    const parsed = createPublicKey({ key, format: 'jwk' });
    const known = this.#keys.get(kid);
    return known?.equals(parsed) ? known : parsed;
  }
}
