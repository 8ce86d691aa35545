import { lstat, readdir, rename } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type Client, downloadPhoto, sha256File } from '@lazyphotos/client';
import type { MediaVariant, Photo } from '@lazyphotos/contracts';
import { fileTypeFromFile } from 'file-type';
import { CliError } from '../errors.js';
import { isMissing } from '../store/files.js';
import { fileStateOf } from '../upload/file-state.js';
import type { HashCache } from '../upload/hash-cache.js';

export const DOWNLOAD_FIELDS = [
  ...(['id', 'fileName', 'hash', 'sizeBytes', 'mimeType'] as const),
  ...(['capturedAt', 'uploadedAt', 'processing', 'processingError'] as const),
] as const;
export type PhotoToDownload = Pick<Photo, (typeof DOWNLOAD_FIELDS)[number]>;

export interface DownloadDeps {
  client: Client;
  folder: string;
  size: MediaVariant;
  cache: HashCache;
  signal: AbortSignal;
  /** The keys of the file names in use by this run. */
  taken: Set<string>;
  onBytes(bytes: number): void;
}

interface Outcome {
  outcome: 'downloaded' | 'existing';
  fileName: string;
  bytes: number;
}

export const downloadFile = (photo: PhotoToDownload, deps: DownloadDeps): Promise<Outcome> =>
  deps.size === 'original' ? downloadOriginal(photo, deps) : downloadPreview(photo, deps);

type Occupant = 'none' | 'this photo' | 'another file';

async function occupantOf(
  path: string,
  photo: PhotoToDownload,
  { cache, signal }: DownloadDeps,
): Promise<Occupant> {
  const stats = await lstat(path, { bigint: true }).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (stats === undefined) return 'none';
  const file = { path, ...fileStateOf(stats) };
  if (!stats.isFile() || file.sizeBytes !== photo.sizeBytes) return 'another file';
  const known = cache.get(file);
  if (known !== undefined) return known.hash === photo.hash ? 'this photo' : 'another file';
  const readAt = Date.now();
  const hash = await sha256File(path, signal);
  cache.set(file, { hash, mimeType: photo.mimeType }, readAt);
  return hash === photo.hash ? 'this photo' : 'another file';
}

/** Finds the photo under one of its possible names, or takes the first free name. Never overwrites a file. */
async function placeOf(
  photo: PhotoToDownload,
  deps: DownloadDeps,
): Promise<{ fileName: string; isThere: boolean }> {
  const free: string[] = [];
  for (const fileName of originalNames(photo)) {
    if (deps.taken.has(nameKey(fileName))) continue;
    const occupant = await occupantOf(join(deps.folder, fileName), photo, deps);
    if (occupant === 'this photo') {
      deps.taken.add(nameKey(fileName));
      return { fileName, isThere: true };
    }
    if (occupant === 'none') free.push(fileName);
  }
  // Another photo may have taken the name during the reads.
  const fileName = free.find((candidate) => !deps.taken.has(nameKey(candidate)));
  if (fileName === undefined) throw new Error(`no free name for ${photo.fileName}`);
  deps.taken.add(nameKey(fileName));
  return { fileName, isThere: false };
}

/** The capture time, so that other programs sort by it, or the upload time if it is not known. */
const modificationTime = ({ capturedAt, uploadedAt }: PhotoToDownload): Date =>
  new Date(capturedAt ?? uploadedAt);

/** Remembers the hash, so that the next run does not read the file. */
async function rememberWritten(
  path: string,
  { hash, mimeType, sizeBytes }: PhotoToDownload,
  { cache }: DownloadDeps,
): Promise<void> {
  const stats = await lstat(path, { bigint: true }).catch(() => undefined);
  if (stats === undefined || stats.size !== BigInt(sizeBytes)) return;
  cache.setWritten({ path, ...fileStateOf(stats) }, { hash, mimeType });
}

async function downloadOriginal(photo: PhotoToDownload, deps: DownloadDeps): Promise<Outcome> {
  const { client, folder, signal, taken } = deps;
  const { fileName, isThere } = await placeOf(photo, deps);
  if (isThere) return { outcome: 'existing', fileName, bytes: 0 };
  try {
    const path = join(folder, fileName);
    const { sizeBytes } = await downloadPhoto(client, photo.id, 'original', path, {
      hash: photo.hash,
      modifiedAt: modificationTime(photo),
      signal,
      onProgress: ({ receivedBytes }) => deps.onBytes(receivedBytes),
    });
    await rememberWritten(path, photo, deps);
    return { outcome: 'downloaded', fileName, bytes: sizeBytes };
  } catch (error) {
    // The next attempt must be able to take the same name, and with it the part file.
    taken.delete(nameKey(fileName));
    throw error;
  }
}

/** Returns the previews in a folder, by the part of their names before the extension. */
export async function existingPreviews(folder: string, size: MediaVariant): Promise<Set<string>> {
  const marker = `.${size}.`;
  const names = (await readdir(folder)).filter((name) => name.includes(marker) && !name.endsWith('.part'));
  return new Set(names.map((name) => nameKey(name.slice(0, name.lastIndexOf(marker) + marker.length - 1))));
}

/** A preview has no hash to compare: an existing file with the id of the photo stays. */
async function downloadPreview(photo: PhotoToDownload, deps: DownloadDeps): Promise<Outcome> {
  const { client, folder, size, signal, taken } = deps;
  const stem = previewStem(photo, size);
  if (taken.has(nameKey(stem))) return { outcome: 'existing', fileName: stem, bytes: 0 };
  // A preview that is being made may exist at the next attempt; a failed one will not.
  if (photo.processing === 'failed') {
    throw new CliError(
      'no_preview',
      `there is no preview: ${photo.processingError?.reason ?? 'it could not be made'}`,
    );
  }
  const unnamed = join(folder, `${stem}.part`);
  const { sizeBytes } = await downloadPhoto(client, photo.id, size, unnamed, {
    modifiedAt: modificationTime(photo),
    signal,
  });
  const fileName = `${stem}.${(await fileTypeFromFile(unnamed))?.ext ?? 'bin'}`;
  await rename(unnamed, join(folder, fileName));
  taken.add(nameKey(stem));
  return { outcome: 'downloaded', fileName, bytes: sizeBytes };
}

/** Bytes. File systems allow 255, of which the longest suffix (a hash) and `.part` need 70. */
const MAX_BYTES = 180;
/** Windows reserves these names for devices, with any extension. */
const DEVICE_NAME = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Bidi_Control}<>:"/\\|?*]/gu;

function shortened(name: string): string {
  const extension = extname(name);
  const tail = Buffer.byteLength(extension) <= 20 ? extension : '';
  let stem = name.slice(0, name.length - tail.length);
  while (Buffer.byteLength(stem) + Buffer.byteLength(tail) > MAX_BYTES)
    stem = [...stem].slice(0, -1).join('');
  return stem + tail;
}

/**
 * Returns a safe file name for the name of a photo: one path segment that every common file system accepts, not hidden, not a device
 * and not the name of a part file.
 */
export function safeFileName(name: string, fallback: string): string {
  const plain = name
    .normalize('NFC')
    .replace(FORBIDDEN, '_')
    .replace(/^[.\s]+/, '')
    .replace(/[.\s]+$/, '')
    .replace(/\.part$/i, '_part');
  const short = shortened(plain);
  if (short === '') return fallback;
  return DEVICE_NAME.test(short) ? `_${short}` : short;
}

function withSuffix(name: string, suffix: string): string {
  const extension = extname(name);
  return `${name.slice(0, name.length - extension.length)}-${suffix}${extension}`;
}

/** Returns the possible names of an original, best first. The later ones contain the hash, so they are the same in every run. */
export function originalNames(photo: { id: string; fileName: string; hash: string }): string[] {
  const name = safeFileName(photo.fileName, photo.id);
  return [name, withSuffix(name, photo.hash.slice(0, 8)), withSuffix(name, photo.hash)];
}

/** Returns the name of a preview without its extension, which depends on its bytes. It is unique for each photo. */
export function previewStem(photo: { id: string; fileName: string }, size: string): string {
  const name = safeFileName(photo.fileName, photo.id);
  return `${name.slice(0, name.length - extname(name).length)}-${photo.id}.${size}`;
}

/**
 * Returns the key to compare names by: some file systems ignore case and Unicode form. Upper case comes first, which is closer to their
 * case folding: `ß` is `SS`, and `ſ` is `S`.
 */
export const nameKey = (name: string): string => name.normalize('NFC').toUpperCase().toLowerCase();
