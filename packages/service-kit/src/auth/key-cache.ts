import { createPublicKey, type JsonWebKey } from 'node:crypto';

export interface JsonWebKeySet {
  keys: (JsonWebKey & { kid: string })[];
}
/** Reads the auth service's current keys: in one process from memory, otherwise over HTTP. */
export type KeySetSource = () => Promise<JsonWebKeySet>;

/** A key that was taken out of the set is valid for at most this long. */
const MAX_AGE_MS = 10 * 60_000;
/** The largest number of reads in a minute, however many made-up key ids the tokens have. */
const READS_PER_MINUTE = 10;

const pemOf = (key: JsonWebKey): string =>
  createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();

/**
 * Finds public keys by id, in PEM. Tokens with made-up keys must not disturb good ones: a known key comes from memory, also while
 * the set cannot be read; an unknown one makes the cache read the set again, but only a limited number of times.
 */
export class KeyCache {
  #keys = new Map<string, string>();
  /** Why the last read failed; undefined after one that succeeded. */
  #failure: unknown;
  #reading: Promise<void> | undefined;
  /** The times of the reads of the last minute. */
  #reads: number[] = [];

  constructor(
    readonly source: KeySetSource,
    readonly now: () => number = Date.now,
  ) {}

  /** Returns undefined for a key that is not in the set. @throws the source's error if the set cannot be read */
  async find(kid: string): Promise<string | undefined> {
    const known = this.#keys.get(kid);
    if (known !== undefined) {
      // In the background: the holder of a good token neither waits for the read nor sees its failure.
      if (this.now() - (this.#reads.at(-1) ?? 0) > MAX_AGE_MS) void this.#read();
      return known;
    }
    if (this.#reading !== undefined || this.#readsOfLastMinute().length < READS_PER_MINUTE)
      await this.#read();
    if (!this.#keys.has(kid) && this.#failure !== undefined) throw this.#failure;
    return this.#keys.get(kid);
  }

  #readsOfLastMinute(): number[] {
    return this.#reads.filter((at) => this.now() - at < 60_000);
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    this.#reads = [...this.#readsOfLastMinute(), this.now()];
    try {
      const { keys } = await this.source();
      if (keys.length === 0) throw new Error('the key set is empty');
      this.#keys = new Map(keys.map((key) => [key.kid, pemOf(key)]));
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
    }
  }
}
