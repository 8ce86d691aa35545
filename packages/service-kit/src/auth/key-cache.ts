import { createPublicKey, type JsonWebKey } from 'node:crypto';

export interface JsonWebKeySet {
  keys: (JsonWebKey & { kid: string })[];
}
/** Answers the auth service's current keys: in one process from memory, otherwise over HTTP. */
export type KeySetSource = () => Promise<JsonWebKeySet>;

/** A key that was taken out of the set stops counting after this long. */
const MAX_AGE_MS = 10 * 60_000;
/** How often the set is read in a minute at most, whatever key ids people make up. */
const READS_PER_MINUTE = 10;

const pemOf = (key: JsonWebKey): string =>
  createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();

async function readKeys(source: KeySetSource): Promise<Map<string, string>> {
  const { keys } = await source();
  if (keys.length === 0) throw new Error('the key set is empty');
  return new Map(keys.map((key) => [key.kid, pemOf(key)]));
}

/**
 * Finds public keys by id, in PEM. Tokens with made-up keys must never get in the way of good ones: a known key is answered from
 * memory, also while the set cannot be read; an unknown one has the set read again, but only so often. Answers undefined for a
 * key that is not in the set, and rejects with the source's error when there is no set to look into.
 */
export function createKeyCache(source: KeySetSource, now: () => number = Date.now) {
  let keys = new Map<string, string>();
  let failure: unknown;
  let reading: Promise<void> | undefined;
  let reads: number[] = [];
  let triedAt = 0;

  const read = (): Promise<void> => {
    reading ??= (async () => {
      triedAt = now();
      reads = [...reads.filter((at) => triedAt - at < 60_000), triedAt];
      try {
        keys = await readKeys(source);
        failure = undefined;
      } catch (error) {
        failure = error;
      } finally {
        reading = undefined;
      }
    })();
    return reading;
  };
  const mayRead = () =>
    reading !== undefined || reads.filter((at) => now() - at < 60_000).length < READS_PER_MINUTE;

  return async (kid: string): Promise<string | undefined> => {
    const known = keys.get(kid);
    if (known !== undefined) {
      // In the background: whoever has a good token does not wait for it, and its failure is not theirs.
      if (now() - triedAt > MAX_AGE_MS) void read();
      return known;
    }
    if (mayRead()) await read();
    if (!keys.has(kid) && failure !== undefined) throw failure;
    return keys.get(kid);
  };
}
