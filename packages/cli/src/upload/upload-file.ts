import { type Client, type PhotoToUpload, hasCode, uploadPhoto } from '@lazyphotos/client';
import { type AnnouncedDateSource, dateOfFile } from '@lazyphotos/contracts';
import { type LocalPath, readableName } from '../local-path.js';
import { type HashedFile, assertUnchanged, hashUnchanged } from './file-state.js';
import type { HashCache } from './hash-cache.js';
import type { PlannedPhoto } from './plan.js';

export type FileOutcome = 'uploaded' | 'existing' | 'duplicate' | 'restored' | 'inTrash' | 'deleted';

export interface UploadedFile {
  outcome: FileOutcome;
  hash: string;
  /** Of an archive: the id of the archive. Undefined for what was removed for good. */
  photoId: string | undefined;
}

/** What is announced of a file besides its contents. */
export type Announcement = Pick<
  PhotoToUpload,
  'fileName' | 'capturedAt' | 'capturedAtSource' | 'locationLat' | 'locationLon'
>;

export interface UploadFileDeps {
  client: Client;
  cache: HashCache;
  deviceId: string | undefined;
  restore: boolean;
  signal: AbortSignal;
  /** By hash: uploads of this run that are on the way or done. */
  inThisRun: Map<string, Promise<UploadedFile>>;
  /** How much of the file has been read, while its hash is not known. */
  onRead(file: PlannedPhoto, bytes: number): void;
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

async function hashOf(file: PlannedPhoto, { cache, signal, onRead }: UploadFileDeps): Promise<Hashed> {
  const known = cache.get(file);
  if (known !== undefined) return { hash: known.hash, state: file, isCached: true };
  const { hash, state, readAt } = await hashUnchanged(file.path, file, signal, (bytes) =>
    onRead(file, bytes),
  );
  cache.set({ path: file.path, ...state }, { hash, mimeType: file.mimeType }, readAt);
  return { hash, state, isCached: false };
}

/** Hashes one file and sees to it that the node has it. */
export async function uploadFile(
  file: PlannedPhoto,
  announcement: Announcement,
  deps: UploadFileDeps,
): Promise<UploadedFile> {
  const { cache, inThisRun, signal } = deps;
  const hashed = await hashOf(file, deps);
  const { hash, isCached } = hashed;
  for (let twin = inThisRun.get(hash); twin !== undefined; twin = inThisRun.get(hash)) {
    const uploaded = await twin.catch(() => undefined);
    if (uploaded !== undefined) {
      const isGone = uploaded.outcome === 'inTrash' || uploaded.outcome === 'deleted';
      return isGone ? uploaded : { ...uploaded, outcome: 'duplicate' };
    }
    // This file takes the place of the one that failed, which may have been to blame itself.
    if (inThisRun.get(hash) === twin) inThisRun.delete(hash);
  }
  const sending = send(file, announcement, hashed, deps);
  inThisRun.set(hash, sending);
  try {
    return await sending;
  } catch (error) {
    if (inThisRun.get(hash) === sending) inThisRun.delete(hash);
    if (!hasCode(error, 'hash_mismatch')) throw error;
    cache.forget(file.path);
    // The remembered hash was wrong.
    if (isCached) return uploadFile(file, announcement, deps);
    await assertUnchanged(file.path, hashed, signal);
    throw error;
  }
}

async function send(
  file: PlannedPhoto,
  announcement: Announcement,
  hashed: Hashed,
  deps: UploadFileDeps,
): Promise<UploadedFile> {
  const { client, deviceId, restore, signal } = deps;
  const { path, sizeBytes, mimeType } = file;
  const { hash } = hashed;
  const photo = { source: { path }, hash, sizeBytes, mimeType, ...announcement, deviceId };
  const options = {
    signal,
    onProgress: ({ sentBytes }: { sentBytes: number }) => deps.onBytes(file, sentBytes),
  };
  // Asked without `restore` first, so that what is brought back can be told from what was there.
  const result = await uploadPhoto(client, photo, options);
  const { photoId } = result;
  if (result.outcome === 'uploaded') {
    await assertUnchanged(path, hashed, signal);
    return { outcome: 'uploaded', hash, photoId };
  }
  if (result.photoState === 'active') return { outcome: 'existing', hash, photoId };
  if (!restore) return { outcome: result.photoState === 'trashed' ? 'inTrash' : 'deleted', hash, photoId };
  const restored = await uploadPhoto(client, { ...photo, restore }, options);
  return { outcome: 'restored', hash, photoId: restored.photoId };
}

export interface AnnouncedTime {
  capturedAt: string;
  capturedAtSource: AnnouncedDateSource;
}

/**
 * When a photo was taken as far as the file's name or its modification time tell. The node uses it for photos that carry no
 * date inside. Returns undefined when neither is plausible.
 */
export function announcedTime(fileName: string, mtimeNs: bigint, now: Date): AnnouncedTime | undefined {
  const modifiedAt = new Date(Number(mtimeNs / 1_000_000n));
  const found = dateOfFile({ name: fileName, modifiedAt, now });
  return found && { capturedAt: found.date.toISOString(), capturedAtSource: found.source };
}
