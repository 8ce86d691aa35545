import { type Client, hasCode, uploadPhoto } from '@lazyphotos/client';
import { type LocalPath, readableName } from '../local-path.js';
import { announcedTime } from './capture-time.js';
import { assertUnchanged, type HashedFile, hashUnchanged } from './file-state.js';
import type { HashCache } from './hash-cache.js';
import type { PlannedPhoto } from './plan.js';

export type FileOutcome = 'uploaded' | 'existing' | 'duplicate' | 'restored' | 'inTrash' | 'deleted';

export interface UploadFileDeps {
  client: Client;
  cache: HashCache;
  deviceId: string | undefined;
  restore: boolean;
  signal: AbortSignal;
  /** By hash: uploads of this run that are on the way or done. */
  inThisRun: Map<string, Promise<FileOutcome>>;
  onBytes(file: PlannedPhoto, bytes: number): void;
}

/** What the contract takes for a file name: one line of at most 255 characters, composed as most systems write it. */
export function announcedName(path: LocalPath): string | undefined {
  const name = readableName(path)
    .normalize('NFC')
    .replace(/\p{Cc}/gu, '_')
    .trim();
  // Cutting may halve a character.
  return name === '' ? undefined : name.slice(-255).toWellFormed();
}

type Hashed = Pick<HashedFile, 'hash' | 'state'> & { isCached: boolean };

async function hashOf(file: PlannedPhoto, { cache, signal }: UploadFileDeps): Promise<Hashed> {
  const known = cache.get(file);
  if (known !== undefined) return { hash: known.hash, state: file, isCached: true };
  const { hash, state, readAt } = await hashUnchanged(file.path, file, signal);
  cache.set({ path: file.path, ...state }, { hash, mimeType: file.mimeType }, readAt);
  return { hash, state, isCached: false };
}

/** Hashes one file and sees to it that the node has it. */
export async function uploadFile(file: PlannedPhoto, deps: UploadFileDeps): Promise<FileOutcome> {
  const { cache, inThisRun, signal } = deps;
  const hashed = await hashOf(file, deps);
  const { hash, isCached } = hashed;
  for (let twin = inThisRun.get(hash); twin !== undefined; twin = inThisRun.get(hash)) {
    const outcome = await twin.catch(() => undefined);
    if (outcome !== undefined) return outcome === 'inTrash' || outcome === 'deleted' ? outcome : 'duplicate';
    // This file takes the place of the one that failed, which may have been to blame itself.
    if (inThisRun.get(hash) === twin) inThisRun.delete(hash);
  }
  const sending = send(file, hashed, deps);
  inThisRun.set(hash, sending);
  try {
    return await sending;
  } catch (error) {
    if (inThisRun.get(hash) === sending) inThisRun.delete(hash);
    if (!hasCode(error, 'hash_mismatch')) throw error;
    cache.forget(file.path);
    // The remembered hash was wrong.
    if (isCached) return uploadFile(file, deps);
    await assertUnchanged(file.path, hashed, signal);
    throw error;
  }
}

async function send(file: PlannedPhoto, hashed: Hashed, deps: UploadFileDeps): Promise<FileOutcome> {
  const { client, deviceId, restore, signal } = deps;
  const { path, sizeBytes, mimeType } = file;
  const photo = {
    source: { path },
    hash: hashed.hash,
    sizeBytes,
    mimeType,
    fileName: announcedName(path),
    ...announcedTime(readableName(path), file.mtimeNs, new Date()),
    deviceId,
  };
  const options = {
    signal,
    onProgress: ({ sentBytes }: { sentBytes: number }) => deps.onBytes(file, sentBytes),
  };
  // Asked without `restore` first, so that what is brought back can be told from what was there.
  const result = await uploadPhoto(client, photo, options);
  if (result.outcome === 'uploaded') {
    await assertUnchanged(path, hashed, signal);
    return 'uploaded';
  }
  if (result.photoState === 'active') return 'existing';
  if (!restore) return result.photoState === 'trashed' ? 'inTrash' : 'deleted';
  await uploadPhoto(client, { ...photo, restore }, options);
  return 'restored';
}
