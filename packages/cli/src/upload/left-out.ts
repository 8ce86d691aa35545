import { basename, dirname } from 'node:path';
import { count, listed } from '../format.js';
import { type LocalPath, readableName, readablePath } from '../local-path.js';
import { type DetectedType, isMediaName, isOtherMediaName } from './photo-type.js';

/** The reasons to leave out a file. None of them is a failure. */
export const LEFT_OUT_REASONS = [
  /** A picture or video of a type that the node does not accept. */
  'unsupported_type',
  /** Named like a photo, but the content is not one: damaged, or something else. */
  'misnamed',
  /** Another program has not written all of it yet. */
  'unfinished_transfer',
  /** A placeholder: the photo is not on this computer. */
  'online_only',
  'empty',
  /** A link to nowhere. */
  'broken_link',
  /** The name of the file or of a parent folder begins with a dot. */
  'hidden',
  /** In a folder of a NAS, a desktop or a file system: thumbnails, deleted files, snapshots. */
  'system_folder',
  /** A link to a folder that is walked anyway, or a folder that was walked through a link. */
  'already_walked',
  /** A socket, a pipe or a device. */
  'special_file',
  'not_a_photo',
] as const;
export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number];

export interface LeftOut {
  path: LocalPath;
  reason: LeftOutReason;
  /** The type by the magic bytes, for `unsupported_type`. */
  mimeType?: string | undefined;
}

/** A folder that was not walked, with the counts of its files. */
export interface SkippedFolder {
  path: LocalPath;
  reason: LeftOutReason;
  files: number;
  /** Files that are named like pictures or videos. */
  photos: number;
  /** False if it could not be read completely, or if it has more files than one run lists. */
  complete: boolean;
}

/** Returns the reason to leave out a file without an accepted type. */
export function reasonByContent(path: LocalPath, { sniffed }: DetectedType): Omit<LeftOut, 'path'> {
  const name = readableName(path);
  if (sniffed?.startsWith('image/') || sniffed?.startsWith('video/'))
    return { reason: 'unsupported_type', mimeType: sniffed };
  if (sniffed === undefined && isOtherMediaName(name))
    return { reason: 'unsupported_type', mimeType: `unknown (${name.slice(name.lastIndexOf('.'))})` };
  return { reason: isMediaName(name) ? 'misnamed' : 'not_a_photo' };
}

/** The files that were left out, in the document of `upload --json`. */
export interface LeftOutSummary {
  /** The number of files. */
  ignored: number;
  ignoredFiles: string[];
  /** The same files, by reason. Reasons without a file are absent. */
  ignoredByReason: Partial<Record<LeftOutReason, LeftOutGroup>>;
  /** The number of files with `unsupported_type`, by MIME type. */
  unsupportedTypes: Record<string, number>;
  /** Folders that were not walked. Their files are also in the lists above. */
  skippedFolders: (Omit<SkippedFolder, 'path'> & { path: string })[];
}

interface LeftOutGroup {
  files: number;
  /** Files that are named like pictures or videos. */
  photos: number;
  paths: string[];
}

export function leftOutSummary(plan: {
  leftOut: LeftOut[];
  skippedFolders: SkippedFolder[];
}): LeftOutSummary {
  const byReason = new Map<LeftOutReason, LeftOutGroup>();
  const unsupportedTypes: Record<string, number> = {};
  const ignoredFiles: string[] = [];
  for (const { path, reason, mimeType } of plan.leftOut) {
    const text = readablePath(path);
    ignoredFiles.push(text);
    const group = byReason.get(reason) ?? { files: 0, photos: 0, paths: [] };
    group.files += 1;
    if (isMediaName(readableName(path))) group.photos += 1;
    group.paths.push(text);
    byReason.set(reason, group);
    if (mimeType !== undefined) unsupportedTypes[mimeType] = (unsupportedTypes[mimeType] ?? 0) + 1;
  }
  return {
    ignored: ignoredFiles.length,
    ignoredFiles,
    ignoredByReason: Object.fromEntries(byReason),
    unsupportedTypes,
    skippedFolders: plan.skippedFolders.map((folder) => ({ ...folder, path: readablePath(folder.path) })),
  };
}

const REASON_TEXTS: Record<LeftOutReason, string> = {
  unsupported_type: 'of types that are not backed up',
  misnamed: 'named like photos, but with other content (damaged?)',
  unfinished_transfer: 'not finished by another program (downloads, synchronisation)',
  online_only: 'only in the cloud; download them to this computer first',
  empty: 'empty',
  broken_link: 'links to nowhere',
  hidden: 'hidden (the name of the file or a folder begins with a dot)',
  system_folder: 'in system folders (thumbnails, deleted files, snapshots)',
  already_walked: 'links to folders that are backed up anyway',
  special_file: 'sockets, pipes or devices',
  not_a_photo: 'not photos',
};

/** The summary lists the files with these reasons. */
const LISTED: ReadonlySet<LeftOutReason> = new Set([
  'misnamed',
  'unfinished_transfer',
  'online_only',
  'empty',
  'broken_link',
  'hidden',
]);
const MAX_LISTED = 10;

/** Returns the lines of the summary for people: a count for each reason, and the files that may be photos. */
export function leftOutLines(summary: LeftOutSummary): string[] {
  if (summary.ignored === 0 && summary.skippedFolders.length === 0) return [];
  const lines = [`Left out ${count(summary.ignored, 'file')}:`];
  for (const reason of LEFT_OUT_REASONS) {
    const group = summary.ignoredByReason[reason];
    const folders = summary.skippedFolders.filter((folder) => folder.reason === reason);
    if (group === undefined && folders.every(({ complete }) => complete)) continue;
    lines.push(`  ${group?.files ?? 0} ${REASON_TEXTS[reason]}${details(reason, group, summary)}`);
    const notes = [...folders.flatMap(folderNote), ...fileNotes(reason, group, folders)];
    const [, ...shown] = listed('', notes, MAX_LISTED);
    lines.push(...shown.map((note) => `  ${note}`));
  }
  return lines;
}

function details(reason: LeftOutReason, group: LeftOutGroup | undefined, summary: LeftOutSummary): string {
  if (reason === 'unsupported_type') {
    const types = Object.entries(summary.unsupportedTypes).sort(([, a], [, b]) => b - a);
    return `: ${types.map(([type, files]) => `${files} ${type}`).join(', ')}`;
  }
  if (reason !== 'hidden' && reason !== 'system_folder') return '';
  return group !== undefined && group.photos > 0 ? `, ${group.photos} of them named like photos` : '';
}

function folderNote({ path, photos, complete }: LeftOutSummary['skippedFolders'][number]): string[] {
  if (!complete) return [`${path}: not counted completely`];
  return photos > 0 ? [`${path}: ${photos} named like photos`] : [];
}

/** Files of skipped folders are in the line of their folder. */
function fileNotes(
  reason: LeftOutReason,
  group: LeftOutGroup | undefined,
  folders: LeftOutSummary['skippedFolders'],
): string[] {
  if (group === undefined || !LISTED.has(reason)) return [];
  const skipped = new Set(folders.map(({ path }) => path));
  const alone = group.paths.filter((path) => !isBelow(path, skipped));
  return reason === 'hidden' || reason === 'empty'
    ? alone.filter((path) => isMediaName(basename(path)))
    : alone;
}

function isBelow(path: string, folders: ReadonlySet<string>): boolean {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder))
    if (folders.has(folder)) return true;
  return false;
}
