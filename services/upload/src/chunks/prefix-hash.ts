import { createHash, type Hash } from 'node:crypto';

/** Sessions whose hash is kept at a time; for others `complete` reads the file once more. */
const MAX_SESSIONS = 256;

/** A file may have thousands of chunks, so their tags are hashed as well, and not kept. */
interface Prefix {
  hash: Hash;
  /** How many chunks went into the hash, from the first on. */
  chunks: number;
  /** The hash of their tags. */
  tags: Hash;
}

/** Hashes one chunk while it passes; `keep` adds it to the session's hash once the chunk is stored. */
export interface ChunkHash {
  update(bytes: Uint8Array): void;
  keep(etag: string): void;
}

/**
 * The running SHA-256 of each session's chunks as long as they arrive in order, so that `complete` need not read them again. It is only a
 * short cut: a result counts only if the tags of the stored chunks are those that were hashed here (another process may have stored
 * some of them).
 */
export class PrefixHashes {
  private readonly prefixes = new Map<string, Prefix>();

  /** Returns undefined for a chunk that does not follow the ones that were hashed. */
  begin(sessionId: string, index: number): ChunkHash | undefined {
    const prefix = this.prefixes.get(sessionId) ?? newPrefix();
    if (prefix.chunks !== index) return undefined;
    const hash = prefix.hash.copy();
    return {
      update: (bytes) => hash.update(bytes),
      keep: (etag) => {
        const oldest = this.prefixes.keys().next().value;
        if (!this.prefixes.has(sessionId) && this.prefixes.size >= MAX_SESSIONS && oldest !== undefined)
          this.prefixes.delete(oldest);
        const tags = withTag(prefix.tags.copy(), etag);
        this.prefixes.set(sessionId, { hash, chunks: index + 1, tags });
      },
    };
  }

  /** Returns a hash of the first `chunks` of these stored chunks: of no chunks when nothing is known. */
  resume(sessionId: string, storedEtags: readonly string[]): { hash: Hash; chunks: number } {
    const prefix = this.prefixes.get(sessionId);
    if (!prefix) return newPrefix();
    const stored = storedEtags.slice(0, prefix.chunks).reduce(withTag, createHash('sha256'));
    const isSame = stored.digest('hex') === prefix.tags.copy().digest('hex');
    return isSame ? { hash: prefix.hash.copy(), chunks: prefix.chunks } : newPrefix();
  }

  forget(sessionId: string): void {
    this.prefixes.delete(sessionId);
  }
}

function newPrefix(): Prefix {
  return { hash: createHash('sha256'), chunks: 0, tags: createHash('sha256') };
}

function withTag(tags: Hash, etag: string): Hash {
  return tags.update(`${etag}\n`);
}
