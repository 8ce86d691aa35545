import { createHash, type Hash } from 'node:crypto';

/** Sessions whose hash is kept at a time; beyond that `complete` reads the file once more. */
const MAX_SESSIONS = 256;

/** A file may have thousands of chunks, so their tags are hashed, too, and not kept. */
interface Prefix {
  hash: Hash;
  /** How many chunks went into the hash, from the first on, and the hash of their tags. */
  chunks: number;
  tags: Hash;
}

const newPrefix = (): Prefix => ({ hash: createHash('sha256'), chunks: 0, tags: createHash('sha256') });

const withTag = (tags: Hash, etag: string): Hash => tags.update(`${etag}\n`);

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
    const prefix = prefixes.get(sessionId) ?? newPrefix();
    if (prefix.chunks !== index) return undefined;
    const working = prefix.hash.copy();
    return {
      update: (bytes) => working.update(bytes),
      keep: (etag) => {
        const oldest = prefixes.keys().next().value;
        if (!prefixes.has(sessionId) && prefixes.size >= MAX_SESSIONS && oldest !== undefined)
          prefixes.delete(oldest);
        const tags = withTag(prefix.tags.copy(), etag);
        prefixes.set(sessionId, { hash: working, chunks: index + 1, tags });
      },
    };
  };

  /** A hash that has taken in the first `chunks` of these stored chunks; 0 chunks and a fresh hash when nothing is known. */
  const resume = (sessionId: string, storedEtags: readonly string[]): { hash: Hash; chunks: number } => {
    const prefix = prefixes.get(sessionId);
    if (!prefix) return newPrefix();
    const stored = storedEtags.slice(0, prefix.chunks).reduce(withTag, createHash('sha256'));
    const isSame = stored.digest('hex') === prefix.tags.copy().digest('hex');
    return isSame ? { hash: prefix.hash.copy(), chunks: prefix.chunks } : newPrefix();
  };

  const forget = (sessionId: string): void => {
    prefixes.delete(sessionId);
  };
  return { begin, resume, forget };
}
export type PrefixHashes = ReturnType<typeof createPrefixHashes>;
