import { createHash, type Hash } from 'node:crypto';

/** Sessions whose hash is kept at a time; beyond that `complete` reads the file once more. */
const MAX_SESSIONS = 256;

interface Prefix {
  hash: Hash;
  /** The tags of the chunks that went into the hash, from the first on. */
  etags: string[];
}

/** Hashes one chunk on its way through; `keep` counts it in once the chunk is stored. */
export interface ChunkHash {
  update(bytes: Uint8Array): void;
  keep(etag: string): void;
}

/**
 * The running SHA-256 of each session's chunks as long as they arrive in order, so that `complete` need not read them again.
 * It is only a short cut: a result counts only if the tags of the stored chunks are those that were hashed here (another
 * process may have stored some of them).
 */
export function createPrefixHashes() {
  const prefixes = new Map<string, Prefix>();

  const begin = (sessionId: string, index: number): ChunkHash | undefined => {
    const prefix = prefixes.get(sessionId) ?? { hash: createHash('sha256'), etags: [] };
    if (prefix.etags.length !== index) return undefined;
    const working = prefix.hash.copy();
    return {
      update: (bytes) => working.update(bytes),
      keep: (etag) => {
        const oldest = prefixes.keys().next().value;
        if (!prefixes.has(sessionId) && prefixes.size >= MAX_SESSIONS && oldest !== undefined)
          prefixes.delete(oldest);
        prefixes.set(sessionId, { hash: working, etags: [...prefix.etags, etag] });
      },
    };
  };

  /** A hash that has taken in the first `chunks` of these stored chunks; 0 chunks and a fresh hash when nothing is known. */
  const resume = (sessionId: string, storedEtags: readonly string[]): { hash: Hash; chunks: number } => {
    const prefix = prefixes.get(sessionId);
    const same = prefix?.etags.every((etag, index) => etag === storedEtags[index]) === true;
    return prefix && same
      ? { hash: prefix.hash.copy(), chunks: prefix.etags.length }
      : { hash: createHash('sha256'), chunks: 0 };
  };

  const forget = (sessionId: string): void => {
    prefixes.delete(sessionId);
  };
  return { begin, resume, forget };
}
export type PrefixHashes = ReturnType<typeof createPrefixHashes>;
