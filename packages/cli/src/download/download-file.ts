import { lstat, readdir, rename } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type Client, downloadPhoto, sha256File } from '@lazyphotos/client';
import type { MediaVariant, Photo } from '@lazyphotos/contracts';
import { fileTypeFromFile } from 'file-type';
import { CliError } from '../errors.js';
import { isMissing } from '../store/files.js';
import { fileStateOf } from '../upload/file-state.js';
import type { HashCache } from '../upload/hash-cache.js';

export type PhotoToDownload = Pick<
  Photo,
  | 'id'
  | 'fileName'
  | 'hash'
  | 'sizeBytes'
  | 'mimeType'
  | 'capturedAt'
  | 'uploadedAt'
  | 'processing'
  | 'processingError'
>;

export interface DownloadDeps {
  client: Client;
  folder: string;
  size: MediaVariant;
  cache: HashCache;
  signal: AbortSignal;
  /** Keys of the names that photos of this run have. */
  taken: Set<string>;
  onBytes(photo: PhotoToDownload, bytes: number): void;
}

interface Outcome {
  outcome: 'downloaded' | 'existing';
  fileName: string;
  bytes: number;
}

export const downloadFile = (photo: PhotoToDownload, deps: DownloadDeps): Promise<Outcome> =>
  deps.size === 'original' ? downloadOriginal(photo, deps) : downloadPreview(photo, deps);

type Occupant = 'nobody' | 'this photo' | 'something else';

async function occupantOf(
  path: string,
  photo: PhotoToDownload,
  { cache, signal }: DownloadDeps,
): Promise<Occupant> {
  const stats = await lstat(path, { bigint: true }).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (stats === undefined) return 'nobody';
  const file = { path, ...fileStateOf(stats) };
  if (!stats.isFile() || file.sizeBytes !== photo.sizeBytes) return 'something else';
  const known = cache.get(file);
  if (known !== undefined) return known.hash === photo.hash ? 'this photo' : 'something else';
  const readAt = Date.now();
  const hash = await sha256File(path, signal);
  cache.set(file, { hash, mimeType: photo.mimeType }, readAt);
  return hash === photo.hash ? 'this photo' : 'something else';
}

/** Finds the photo among its possible names, or takes the first name that is free. Nothing that is there is overwritten. */
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
    if (occupant === 'nobody') free.push(fileName);
  }
  // Asked again: while the disk was being read, another photo may have taken the name.
  const fileName = free.find((candidate) => !deps.taken.has(nameKey(candidate)));
  if (fileName === undefined) throw new Error(`no free name for ${photo.fileName}`);
  deps.taken.add(nameKey(fileName));
  return { fileName, isThere: false };
}

/** When it was taken, so that other programs sort it there; the day of its backup when that is not known. */
const modificationTime = ({ capturedAt, uploadedAt }: PhotoToDownload): Date =>
  new Date(capturedAt ?? uploadedAt);

/** So that the next run need not read what this one has just checked. */
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
      onProgress: ({ receivedBytes }) => deps.onBytes(photo, receivedBytes),
    });
    await rememberWritten(path, photo, deps);
    return { outcome: 'downloaded', fileName, bytes: sizeBytes };
  } catch (error) {
    // The next attempt has to find its name, and with it the part file, free.
    taken.delete(nameKey(fileName));
    throw error;
  }
}

/** The files of a folder, by what their names begin with up to the preview's size. */
export async function existingPreviews(folder: string, size: MediaVariant): Promise<Set<string>> {
  const marker = `.${size}.`;
  const names = (await readdir(folder)).filter((name) => name.includes(marker) && !name.endsWith('.part'));
  return new Set(names.map((name) => nameKey(name.slice(0, name.lastIndexOf(marker) + marker.length - 1))));
}

/** A preview has no hash to compare: one that is there under its photo's id is left alone. */
async function downloadPreview(photo: PhotoToDownload, deps: DownloadDeps): Promise<Outcome> {
  const { client, folder, size, signal, taken } = deps;
  const stem = previewStem(photo, size);
  if (taken.has(nameKey(stem))) return { outcome: 'existing', fileName: stem, bytes: 0 };
  // One that is still being made may be there at the next attempt; this one will not.
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
/** Names that Windows keeps for devices, whatever their extension. */
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
 * A file name made of what somebody called a photo: one path segment that every common file system takes, neither hidden nor
 * a device, and never the name of a part file.
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

/** The names that an original may have, best first. The later ones name the content, so they are the same in every run. */
export function originalNames(photo: { id: string; fileName: string; hash: string }): string[] {
  const name = safeFileName(photo.fileName, photo.id);
  return [name, withSuffix(name, photo.hash.slice(0, 8)), withSuffix(name, photo.hash)];
}

/** The name of a preview without its extension, which only its bytes tell. No two photos share it. */
export function previewStem(photo: { id: string; fileName: string }, size: string): string {
  const name = safeFileName(photo.fileName, photo.id);
  return `${name.slice(0, name.length - extname(name).length)}-${photo.id}.${size}`;
}

/**
 * How names are compared: some file systems ignore case and composition. To upper case first, which is nearer to their folding:
 * `ß` is `SS`, and `ſ` is `S`.
 */
export const nameKey = (name: string): string => name.normalize('NFC').toUpperCase().toLowerCase();
