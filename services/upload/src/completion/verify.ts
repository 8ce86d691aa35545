import type { Hash } from 'node:crypto';
import { isArchiveType, storedMimeType } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { isArchive, storedArchive } from '../imports/zip/index.js';
import type { MalwareCheck } from '../malware/check.js';
import { sniffType } from './sniff.js';

/** What is wrong with an assembled file; each is a problem code of the API. */
export type Verdict = 'ok' | 'hash_mismatch' | 'unsupported_media_type' | 'malware_found';
export type Refusal = Exclude<Verdict, 'ok'>;
/** `mimeType` is the one that the content has, under its canonical name. */
export type Verification = { verdict: 'ok'; mimeType: string } | { verdict: Refusal };

async function readAll(
  store: ObjectStore,
  key: string,
  start: number,
  end: number,
  onBytes: (bytes: Buffer) => void,
) {
  if (end < start) return;
  const { body } = await store.get(key, { start, end });
  for await (const bytes of body) onBytes(bytes as Buffer);
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
  checkMalware: MalwareCheck,
): Promise<Verification> {
  await readAll(store, key, begun.hashedBytes, size - 1, (bytes) => begun.hash.update(bytes));
  if (begun.hash.digest('hex') !== hash) return { verdict: 'hash_mismatch' };
  // Archives are not scanned as a whole: each photo is when it is imported.
  if (isArchiveType(mimeType)) {
    const isZip = await isArchive(storedArchive(store, key, size));
    return isZip ? { verdict: 'ok', mimeType } : { verdict: 'unsupported_media_type' };
  }
  const sniffed = await sniffType(store, key, size);
  const stored = sniffed === undefined ? undefined : storedMimeType(mimeType, sniffed);
  if (stored === undefined) return { verdict: 'unsupported_media_type' };
  const verdict = await checkMalware(key, size);
  return verdict === 'ok' ? { verdict, mimeType: stored } : { verdict };
}
