import { readdir } from 'node:fs/promises';
import { PartMismatchError } from '../errors.js';
import type { StoredPart } from '../port.js';

/**
 * Beside an upload's `data` stands one file for every write of a part that was finished:
 * - `<index>-<etag>.placed`, empty: the bytes are in `data`, at the part's offset;
 * - `<index>-<etag>.part`: the part had been written before, so these are the bytes of the repetition; completing copies
 *   them into `data`. Until then the earlier write stays whole, whatever becomes of the repetition.
 */
export interface PartFile {
  name: string;
  index: number;
  etag: string;
  placed: boolean;
}

const NAME = /^(\d+)-([0-9a-f]{32})\.(placed|part)$/;

export function placedName(index: number, etag: string): string {
  return `${index}-${etag}.placed`;
}

export function repeatedName(index: number, etag: string): string {
  return `${index}-${etag}.part`;
}

export async function listPartFiles(folder: string): Promise<PartFile[]> {
  const files: PartFile[] = [];
  for (const name of await readdir(folder)) {
    const [, index, etag, kind] = NAME.exec(name) ?? [];
    if (index && etag) files.push({ name, index: Number(index), etag, placed: kind === 'placed' });
  }
  return files;
}

/** The stored file of each part, in order. @throws PartMismatchError for a write that never ended or was replaced. */
export function findPartFiles(files: readonly PartFile[], parts: readonly StoredPart[]): PartFile[] {
  const byWrite = new Map(files.map((file) => [`${file.index}-${file.etag}`, file]));
  const found = parts.flatMap((part) => byWrite.get(`${part.index}-${part.etag}`) ?? []);
  if (found.length === parts.length) return found;
  const missing = parts
    .filter((part) => !byWrite.has(`${part.index}-${part.etag}`))
    .map((part) => part.index);
  throw new PartMismatchError(
    `the bytes of part ${missing.slice(0, 20)} are not stored (any more): send them again`,
    parts.length,
    found.length,
  );
}
