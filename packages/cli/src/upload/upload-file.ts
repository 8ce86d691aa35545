import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Client, hasCode, SourceChangedError, sha256File, uploadPhoto } from '@lazyphotos/client';
import type { HashCache } from './hash-cache.js';
import type { PlannedPhoto } from './plan.js';
import type { FoundFile } from './walk.js';

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

async function assertUnchanged({ path, sizeBytes, mtimeMs }: FoundFile): Promise<void> {
  const now = await stat(path);
  if (now.size !== sizeBytes || now.mtimeMs !== mtimeMs)
    throw new SourceChangedError('changed while it was being read');
}

/** What the contract takes for a file name: one line of at most 255 characters, composed as most systems write it. */
export function announcedName(path: string): string | undefined {
  const name = basename(path)
    .normalize('NFC')
    .replace(/\p{Cc}/gu, '_')
    .trim();
  return name === '' ? undefined : name.slice(-255);
}

async function hashOf(
  file: PlannedPhoto,
  { cache, signal }: UploadFileDeps,
): Promise<{ hash: string; isCached: boolean }> {
  const known = cache.get(file);
  if (known !== undefined) return { hash: known.hash, isCached: true };
  const hash = await sha256File(file.path, signal);
  await assertUnchanged(file);
  cache.set(file, { hash, mimeType: file.mimeType });
  return { hash, isCached: false };
}

/** Hashes one file and sees to it that the node has it. */
export async function uploadFile(file: PlannedPhoto, deps: UploadFileDeps): Promise<FileOutcome> {
  const { cache, inThisRun } = deps;
  const { hash, isCached } = await hashOf(file, deps);
  for (let twin = inThisRun.get(hash); twin !== undefined; twin = inThisRun.get(hash)) {
    const outcome = await twin.catch(() => undefined);
    if (outcome !== undefined) return outcome === 'inTrash' || outcome === 'deleted' ? outcome : 'duplicate';
    // This file takes the place of the one that failed, which may have been to blame itself.
    if (inThisRun.get(hash) === twin) inThisRun.delete(hash);
  }
  const sending = send(file, hash, deps);
  inThisRun.set(hash, sending);
  try {
    return await sending;
  } catch (error) {
    if (inThisRun.get(hash) === sending) inThisRun.delete(hash);
    if (!hasCode(error, 'hash_mismatch')) throw error;
    cache.forget(file.path);
    await assertUnchanged(file);
    // The remembered hash was wrong: some programs change a file and put its old time back.
    if (isCached) return uploadFile(file, deps);
    throw error;
  }
}

async function send(file: PlannedPhoto, hash: string, deps: UploadFileDeps): Promise<FileOutcome> {
  const { client, deviceId, restore, signal } = deps;
  const { path, sizeBytes, mimeType } = file;
  const photo = { source: { path }, hash, sizeBytes, mimeType, fileName: announcedName(path), deviceId };
  const options = {
    signal,
    onProgress: ({ sentBytes }: { sentBytes: number }) => deps.onBytes(file, sentBytes),
  };
  // Asked without `restore` first, so that what is brought back can be told from what was there.
  const result = await uploadPhoto(client, photo, options);
  if (result.outcome === 'uploaded') {
    await assertUnchanged(file);
    return 'uploaded';
  }
  if (result.photoState === 'active') return 'existing';
  if (!restore) return result.photoState === 'trashed' ? 'inTrash' : 'deleted';
  await uploadPhoto(client, { ...photo, restore }, options);
  return 'restored';
}
