import { readdir, stat } from 'node:fs/promises';
import { ARCHIVE_TYPE, type ImportSource } from '@lazyphotos/contracts';
import { UsageError } from '../errors.js';
import {
  joinPath,
  type LocalPath,
  pathKey,
  pathOrThrow,
  readableName,
  readablePath,
  readableText,
} from '../local-path.js';
import { withSource } from '../upload/cut-off.js';
import { fileStateOf } from '../upload/file-state.js';
import type { PlannedPhoto } from '../upload/plan.js';
import { isUnfinishedFile, namesWithControlFile } from '../upload/unfinished-transfers.js';

export interface FoundSources {
  archives: PlannedPhoto[];
  /** Folders without an archive: perhaps an unpacked export. */
  folders: LocalPath[];
  /** Archives that a browser has not downloaded completely. */
  unfinished: LocalPath[];
  /** ZIPs without an end record: their download was cut off. */
  cutOff: LocalPath[];
}

/** The first bytes of a ZIP: a file, the end of an empty ZIP, or the mark of a ZIP in several pieces (APPNOTE 4.3). */
const ZIP_BEGINNINGS = ['504b0304', '504b0506', '504b0708'];

/** Reads only four bytes. Detectors of magic bytes search a ZIP for office documents, and may read all of it. */
const isZip = (path: LocalPath): Promise<boolean> =>
  withSource(path, async (read) => ZIP_BEGINNINGS.includes((await read(0, 4)).toString('hex')));

/** The end of central directory record (APPNOTE 4.3.16): its signature, its size, and the longest comment that can follow it. */
const END_SIGNATURE = Buffer.from('504b0506', 'hex');
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;

/** Returns whether a ZIP has its end record. A download that was cut off has none. */
const hasEndRecord = (path: LocalPath): Promise<boolean> =>
  withSource(path, async (read, size) => {
    const length = Math.min(size, END_BYTES + MAX_COMMENT_BYTES);
    const tail = await read(size - length, length);
    const isWhole = (at: number): boolean =>
      at + END_BYTES <= tail.length && at + END_BYTES + tail.readUInt16LE(at + 20) <= tail.length;
    let at = tail.lastIndexOf(END_SIGNATURE);
    while (at > 0 && !isWhole(at)) at = tail.lastIndexOf(END_SIGNATURE, at - 1);
    return at >= 0 && isWhole(at);
  });

async function archiveOrThrow(path: LocalPath): Promise<PlannedPhoto> {
  if (!(await isZip(path))) {
    const isTar = /\.(?:tgz|tar|tar\.gz)$/i.test(readableName(path));
    const instead = isTar ? '; request the export as .zip, or unpack it' : '';
    throw new UsageError(`${readablePath(path)} is not a ZIP archive${instead}`);
  }
  return { path, ...fileStateOf(await stat(path, { bigint: true })), mimeType: ARCHIVE_TYPE };
}

const byName = (a: LocalPath, b: LocalPath): number =>
  readableName(a).localeCompare(readableName(b), 'en', { numeric: true });

/** Finds the archives in a folder, not in its subfolders. If some have names of a Takeout, only these count. */
async function archivesIn(
  folder: LocalPath,
  source: ImportSource,
): Promise<Pick<FoundSources, 'unfinished'> & { paths: LocalPath[] }> {
  const paths: LocalPath[] = [];
  const unfinished: LocalPath[] = [];
  const names = await readdir(folder, { encoding: 'buffer' });
  const controlled = namesWithControlFile(names.map(readableText));
  for (const name of names) {
    const text = readableText(name);
    const path = joinPath(folder, name);
    if (text.startsWith('.') || !/\.zip\b/i.test(text)) continue;
    const isUnfinished = isUnfinishedFile(text) || controlled.has(text);
    // A link to nowhere is not an archive.
    const stats = await stat(path).catch(() => undefined);
    // Browsers create an empty file for a download.
    if (isUnfinished || (stats?.isFile() && stats.size === 0)) unfinished.push(path);
    else if (/\.zip$/i.test(text) && stats?.isFile()) paths.push(path);
  }
  const ofTakeout = paths.filter((path) => /^takeout-/i.test(readableName(path)));
  const chosen = source === 'takeout' && ofTakeout.length > 0 ? ofTakeout : paths;
  return { paths: chosen.sort(byName), unfinished: unfinished.sort(byName) };
}

/** Finds the archives and folders that the arguments of an import name. @throws UsageError */
export async function findSources(given: readonly string[], source: ImportSource): Promise<FoundSources> {
  const found: FoundSources = { archives: [], folders: [], unfinished: [], cutOff: [] };
  const seen = new Set<string>();
  const isNew = (path: LocalPath): boolean =>
    !seen.has(pathKey(path)) && seen.add(pathKey(path)) !== undefined;
  const addArchive = async (path: LocalPath): Promise<void> => {
    const archive = await archiveOrThrow(path);
    if (await hasEndRecord(path)) found.archives.push(archive);
    else found.cutOff.push(path);
  };
  for (const text of given) {
    const { path, stats } = await pathOrThrow(text);
    if (!stats.isDirectory()) {
      if (isNew(path)) await addArchive(path);
      continue;
    }
    const { paths, unfinished } = await archivesIn(path, source);
    found.unfinished.push(...unfinished);
    if (paths.length === 0 && unfinished.length === 0 && isNew(path)) found.folders.push(path);
    for (const archive of paths) if (isNew(archive)) await addArchive(archive);
  }
  return found;
}

/** A part of a Takeout: `takeout-20240115T101500Z-003.zip`, `takeout-20240115T101500Z-2-003.zip`. */
const PART = /^(takeout-.*-)(\d{3})(?:\(\d+\)| \(\d+\))?\.zip$/i;

/** Returns the names of missing parts, as far as the numbers of the given parts show. */
export function missingParts(names: readonly string[]): string[] {
  const exports = new Map<string, Set<number>>();
  for (const name of names) {
    const [, prefix, number] = PART.exec(name) ?? [];
    if (prefix !== undefined) exports.set(prefix, (exports.get(prefix) ?? new Set()).add(Number(number)));
  }
  return [...exports].flatMap(([prefix, numbers]) =>
    Array.from({ length: Math.max(...numbers) }, (_, index) => index + 1)
      .filter((number) => !numbers.has(number))
      .map((number) => `${prefix}${String(number).padStart(3, '0')}.zip`),
  );
}
