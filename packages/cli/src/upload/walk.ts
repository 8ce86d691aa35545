import type { BigIntStats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { joinPath, type LocalPath, localPathOf, pathKey, readableText } from '../local-path.js';
import { type FileState, fileStateOf } from './file-state.js';
import type { LeftOut, LeftOutReason, SkippedFolder } from './left-out.js';
import { isMediaName } from './photo-type.js';
import { isUnfinishedFile, isUnfinishedFolder, namesWithControlFile } from './unfinished-transfers.js';

export interface FoundFile extends FileState {
  path: LocalPath;
}

/** The operations of a file system that a walk needs. */
export interface FileSystem {
  names(folder: LocalPath): Promise<Buffer[]>;
  lstat(path: LocalPath): Promise<BigIntStats>;
  stat(path: LocalPath): Promise<BigIntStats>;
  realPath(path: LocalPath): Promise<LocalPath>;
}

export const nodeFileSystem: FileSystem = {
  names: (folder) => readdir(folder, { encoding: 'buffer' }),
  lstat: (path) => lstat(path, { bigint: true }),
  stat: (path) => stat(path, { bigint: true }),
  realPath: async (path) => localPathOf(await realpath(path, { encoding: 'buffer' })),
};

export interface WalkOptions {
  signal?: AbortSignal | undefined;
  fileSystem?: FileSystem;
  /** A file or folder that cannot be read. */
  onProblem(path: LocalPath, error: unknown): void;
  /** A file that is left out, also one in a skipped folder. */
  onLeftOut(leftOut: LeftOut): void;
  onSkippedFolder(folder: SkippedFolder): void;
}

/** NAS systems, desktops and Takeout store thumbnails, deleted files and indexes here, never originals. */
const SYSTEM_FOLDERS = new Set([
  '@eadir',
  '@recycle',
  '@tmp',
  '#recycle',
  '#snapshot',
  '$recycle.bin',
  'lost+found',
  'system volume information',
  '__macosx',
]);

interface Folder {
  path: LocalPath;
  /** The path without links, which is unique. */
  realPath: LocalPath;
}

type Entry =
  | { kind: 'file'; file: FoundFile }
  | { kind: 'folder'; folder: Folder }
  | { kind: 'link'; folder: Folder }
  | { kind: 'leftOut'; path: LocalPath; reason: LeftOutReason }
  | { kind: 'skippedFolder'; path: LocalPath; reason: LeftOutReason }
  | { kind: 'problem'; path: LocalPath; error: unknown };

/**
 * Yields every regular file below a folder, the files of a folder before those of its subfolders. It follows links to folders last, so
 * that it walks each folder under its own path. It enters no folder twice, so loops of links end. It compares folders by their real path:
 * device and inode numbers are 0, or all the same, on some file systems.
 */
export async function* walk(root: LocalPath, options: WalkOptions): AsyncGenerator<FoundFile, void> {
  const { signal, fileSystem = nodeFileSystem, onProblem, onLeftOut, onSkippedFolder } = options;
  // Some volumes, such as RAM disks, have no real paths; links on them are reported.
  const realRoot = await fileSystem.realPath(root).catch(() => root);
  const folders: Folder[] = [{ path: root, realPath: realRoot }];
  const links: Folder[] = [];
  const entered = new Set<string>();
  let countable = MAX_COUNTED_FILES;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop() ?? links.shift()) {
    signal?.throwIfAborted();
    const key = pathKey(folder.realPath);
    if (entered.has(key)) {
      onLeftOut({ path: folder.path, reason: 'already_walked' });
      continue;
    }
    entered.add(key);
    const subfolders: Folder[] = [];
    for await (const entry of entriesOf(folder, fileSystem)) {
      signal?.throwIfAborted();
      if (entry.kind === 'file') yield entry.file;
      else if (entry.kind === 'folder') subfolders.push(entry.folder);
      else if (entry.kind === 'link') links.push(entry.folder);
      else if (entry.kind === 'leftOut') onLeftOut({ path: entry.path, reason: entry.reason });
      else if (entry.kind === 'problem') onProblem(entry.path, entry.error);
      else {
        const skipped = await countSkipped(entry, countable, options);
        countable -= skipped.files;
        onSkippedFolder(skipped);
      }
    }
    folders.push(...subfolders.reverse());
  }
}

/** Uses a stable order, so that two runs over the same folder are equal. */
async function* entriesOf(folder: Folder, fileSystem: FileSystem): AsyncGenerator<Entry, void> {
  let names: Buffer[];
  try {
    names = await fileSystem.names(folder.path);
  } catch (error) {
    yield { kind: 'problem', path: folder.path, error };
    return;
  }
  const unfinished = namesWithControlFile(names.map(readableText));
  for (const name of names.sort(Buffer.compare)) yield await examine(folder, name, unfinished, fileSystem);
}

async function examine(
  folder: Folder,
  name: Buffer,
  unfinished: ReadonlySet<string>,
  fileSystem: FileSystem,
): Promise<Entry> {
  const path = joinPath(folder.path, name);
  const text = readableText(name);
  const folderReason = skippedFolderReason(text);
  try {
    const own = await fileSystem.lstat(path);
    if (own.isDirectory()) {
      if (folderReason !== undefined) return { kind: 'skippedFolder', path, reason: folderReason };
      return { kind: 'folder', folder: { path, realPath: joinPath(folder.realPath, name) } };
    }
    const fileReason = skippedFileReason(text, unfinished);
    if (fileReason !== undefined) return { kind: 'leftOut', path, reason: fileReason };
    if (!own.isSymbolicLink()) return fileEntry(path, own);
    const target = await targetOf(path, fileSystem);
    if (target === undefined) return { kind: 'leftOut', path, reason: 'broken_link' };
    if (!target.isDirectory()) return fileEntry(path, target);
    if (folderReason !== undefined) return { kind: 'leftOut', path, reason: folderReason };
    return { kind: 'link', folder: { path, realPath: await fileSystem.realPath(path) } };
  } catch (error) {
    // Windows denies access to some of its system folders.
    if (folderReason !== undefined) return { kind: 'leftOut', path, reason: folderReason };
    return { kind: 'problem', path, error };
  }
}

function fileEntry(path: LocalPath, stats: BigIntStats): Entry {
  if (stats.isFile()) return { kind: 'file', file: { path, ...fileStateOf(stats) } };
  return { kind: 'leftOut', path, reason: 'special_file' };
}

/** Resolves to undefined for a link to nowhere or to itself. Throws if the target exists and cannot be read. */
async function targetOf(path: LocalPath, fileSystem: FileSystem): Promise<BigIntStats | undefined> {
  try {
    return await fileSystem.stat(path);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    throw error;
  }
}

function skippedFolderReason(name: string): LeftOutReason | undefined {
  if (isUnfinishedFolder(name)) return 'unfinished_transfer';
  if (SYSTEM_FOLDERS.has(name.toLowerCase())) return 'system_folder';
  return name.startsWith('.') ? 'hidden' : undefined;
}

function skippedFileReason(name: string, unfinished: ReadonlySet<string>): LeftOutReason | undefined {
  if (/^\..+\.icloud$/i.test(name)) return 'online_only';
  if (isUnfinishedFile(name) || unfinished.has(name)) return 'unfinished_transfer';
  return name.startsWith('.') ? 'hidden' : undefined;
}

/** One run lists at most this many files in skipped folders. A NAS can have several times as many thumbnails as photos. */
export const MAX_COUNTED_FILES = 100_000;

/** Lists the files in a folder that is not walked, by name, without opening a file or following a link. */
export async function countSkipped(
  { path, reason }: { path: LocalPath; reason: LeftOutReason },
  limit: number,
  {
    fileSystem = nodeFileSystem,
    signal,
    onLeftOut,
  }: Pick<WalkOptions, 'fileSystem' | 'signal' | 'onLeftOut'>,
): Promise<SkippedFolder> {
  const skipped: SkippedFolder = { path, reason, files: 0, photos: 0, complete: true };
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const names = await fileSystem.names(folder).catch(() => undefined);
    if (names === undefined) skipped.complete = false;
    for (const name of names?.sort(Buffer.compare) ?? []) {
      signal?.throwIfAborted();
      if (skipped.files >= limit) return { ...skipped, complete: false };
      const child = joinPath(folder, name);
      const stats = await fileSystem.lstat(child).catch(() => undefined);
      if (stats?.isDirectory()) folders.push(child);
      else {
        skipped.files += 1;
        if (isMediaName(readableText(name))) skipped.photos += 1;
        onLeftOut({ path: child, reason });
      }
    }
  }
  return skipped;
}
