import type { Hash } from 'node:crypto';
import { contentMatches } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { fileTypeFromBuffer } from 'file-type';

/** What is wrong with an assembled file; each is a problem code of the API. */
export type Verdict = 'ok' | 'hash_mismatch' | 'unsupported_media_type';

/** Magic bytes stand at the beginning; camera RAW wants the first directory of the TIFF as well. */
const SNIFF_BYTES = 64 * 1024;

async function readAll(store: ObjectStore, key: string, start: number, end: number, onBytes: (bytes: Buffer) => void) {
  if (end < start) return;
  const { body } = await store.get(key, { start, end });
  for await (const bytes of body) onBytes(bytes as Buffer);
}

/** The type that the content shows, or undefined when nothing is recognised. */
async function sniff(store: ObjectStore, key: string, size: number): Promise<string | undefined> {
  const head: Buffer[] = [];
  await readAll(store, key, 0, Math.min(size, SNIFF_BYTES) - 1, (bytes) => head.push(bytes));
  return (await fileTypeFromBuffer(Buffer.concat(head)))?.mime;
}

export interface Expectation {
  key: string;
  size: number;
  hash: string;
  mimeType: string;
}

/**
 * Checks a stored object against what was announced. `begun` has taken in the first `hashedBytes` bytes already; the rest is
 * read from the store.
 */
export async function verifyObject(
  store: ObjectStore,
  { key, size, hash, mimeType }: Expectation,
  begun: { hash: Hash; hashedBytes: number },
): Promise<Verdict> {
  await readAll(store, key, begun.hashedBytes, size - 1, (bytes) => begun.hash.update(bytes));
  if (begun.hash.digest('hex') !== hash) return 'hash_mismatch';
  const sniffed = await sniff(store, key, size);
  return sniffed !== undefined && contentMatches(mimeType, sniffed) ? 'ok' : 'unsupported_media_type';
}
