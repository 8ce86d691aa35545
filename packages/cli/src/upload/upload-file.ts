import { type Client, hasCode, type PhotoToUpload, uploadPhoto } from '@lazyphotos/client';
import { dateOfFile } from '@lazyphotos/contracts';
import { type LocalPath, readableName } from '../local-path.js';
import { assertUnchanged, type HashedFile, hashUnchanged } from './file-state.js';
import type { HashCache } from './hash-cache.js';
import type { PlannedPhoto } from './plan.js';

export type FileOutcome = 'uploaded' | 'existing' | 'duplicate' | 'restored' | 'inTrash' | 'deleted';

export interface UploadedFile {
  outcome: FileOutcome;
  hash: string;
  /** The id of the photo or archive. Undefined for a permanently removed photo. */
  photoId: string | undefined;
}

/** The data that is sent with the contents of a file. */
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
  /** The uploads of this run, in flight or done, by hash. */
  inThisRun: Map<string, Promise<UploadedFile>>;
  /** Gets the bytes that have been read for the hash. */
  onRead(bytes: number): void;
  /** Gets the bytes that have been sent. */
  onBytes(bytes: number): void;
}

/** Returns a file name that the contract accepts: one line of at most 255 characters, in Unicode form NFC. */
export function announcedName(path: LocalPath): string | undefined {
  const name = readableName(path)
    .normalize('NFC')
    .replace(/\p{Cc}/gu, '_')
    .trim();
  // The cut may be inside a character.
  return name === '' ? undefined : name.slice(-255).toWellFormed();
}

type Hashed = Pick<HashedFile, 'hash' | 'state'> & { isCached: boolean };

async function hashOf(file: PlannedPhoto, { cache, signal, onRead }: UploadFileDeps): Promise<Hashed> {
  const known = cache.get(file);
  if (known !== undefined) return { hash: known.hash, state: file, isCached: true };
  const { hash, state, readAt } = await hashUnchanged(file.path, file, signal, onRead);
  cache.set({ path: file.path, ...state }, { hash, mimeType: file.mimeType }, readAt);
  return { hash, state, isCached: false };
}

/** Hashes one file and uploads it if the node does not have it. */
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
    // The other file failed. This file has the same content and takes its place.
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
    onProgress: ({ sentBytes }: { sentBytes: number }) => deps.onBytes(sentBytes),
  };
  // The first request has no `restore`, to tell restored photos from existing ones.
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

/**
 * Returns the capture time by the name or the modification time of the file, if plausible. The node uses it for photos without a date
 * inside.
 */
export function announcedTime(
  fileName: string,
  mtimeNs: bigint,
  now: Date,
): Pick<Announcement, 'capturedAt' | 'capturedAtSource'> | undefined {
  const modifiedAt = new Date(Number(mtimeNs / 1_000_000n));
  const found = dateOfFile({ name: fileName, modifiedAt, now });
  return found && { capturedAt: found.date.toISOString(), capturedAtSource: found.source };
}
