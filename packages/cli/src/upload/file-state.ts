import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { SourceChangedError, sha256File } from '@lazyphotos/client';
import type { LocalPath } from '../local-path.js';

/** Shows without reading whether a file has changed. Times in nanoseconds since 1970. */
export interface FileState {
  sizeBytes: number;
  mtimeNs: bigint;
  /** The time of the last change of contents or attributes. Programs can restore the mtime, but not this. */
  ctimeNs: bigint;
  /** 0 on file systems that have no file numbers. Beyond 2^53 on NTFS and SMB. */
  ino: bigint;
}

export const fileStateOf = (stats: BigIntStats): FileState => ({
  sizeBytes: Number(stats.size),
  mtimeNs: stats.mtimeNs,
  ctimeNs: stats.ctimeNs,
  ino: stats.ino,
});

export function isSameState(a: FileState, b: FileState): boolean {
  return (
    a.sizeBytes === b.sizeBytes &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    (a.ino === b.ino || a.ino === 0n || b.ino === 0n)
  );
}

/**
 * FAT stores times to two seconds, other file systems to one, plus a clock tick. A file that changed so shortly before it was read may
 * have changed again afterwards, with the same times.
 */
const SETTLED_NS = 3_000_000_000n;

/**
 * Returns whether any later change of a file that was read at `readAt` (milliseconds since 1970) is visible in its state; git calls the
 * opposite "racily clean". Times in the future, from a file server with a fast clock, are not reliable either.
 */
export function isSettled({ mtimeNs, ctimeNs }: FileState, readAt: number): boolean {
  const latest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  return latest + SETTLED_NS <= BigInt(Math.floor(readAt)) * 1_000_000n;
}

const stateNow = async (path: LocalPath): Promise<FileState> =>
  fileStateOf(await stat(path, { bigint: true }));

export interface HashedFile {
  hash: string;
  /** The state of the file with this hash. */
  state: FileState;
  /** The time when the reading began, in milliseconds since 1970. */
  readAt: number;
}

/**
 * Hashes a file that was found in the given state.
 *
 * @throws SourceChangedError if the contents changed during this.
 */
export async function hashUnchanged(
  path: LocalPath,
  found: FileState,
  signal: AbortSignal,
  onRead?: (bytes: number) => void,
): Promise<HashedFile> {
  const readAt = Date.now();
  const hash = await sha256File(path, signal, onRead);
  const state = await stateNow(path);
  if (isSameState(state, found)) return { hash, state, readAt };
  return readAgain(path, state, hash, { expected: found, signal });
}

/**
 * Checks after an upload that the file still has the contents that were sent.
 *
 * @throws SourceChangedError otherwise.
 */
export async function assertUnchanged(
  path: LocalPath,
  { hash, state }: Pick<HashedFile, 'hash' | 'state'>,
  signal: AbortSignal,
): Promise<void> {
  const now = await stateNow(path);
  if (!isSameState(now, state)) await readAgain(path, now, hash, { expected: state, signal });
}

/**
 * Reads a file with a new state again: indexers write attributes, and FAT gives a new inode number to a file that has left the cache of
 * the kernel.
 */
async function readAgain(
  path: LocalPath,
  state: FileState,
  hash: string,
  { expected, signal }: { expected: FileState; signal: AbortSignal },
): Promise<HashedFile> {
  const readAt = Date.now();
  if (state.sizeBytes !== expected.sizeBytes || (await sha256File(path, signal)) !== hash)
    throw new SourceChangedError('changed while it was being read');
  return { hash, state, readAt };
}
