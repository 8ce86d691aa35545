import type { ErrorReport } from '../errors.js';
import { count, formatBytes, formatSeconds } from '../format.js';
import type { FailedFile } from '../upload/summary.js';
import type { Counts } from './account.js';

/** The document of `import takeout --json` for an unpacked folder. Each of `files` is counted once, from `imported` to `left`. */
export interface UnpackedSummary {
  folders: string[];
  server: string;
  files: number;
  imported: number;
  duplicates: number;
  failed: number;
  unsupported: number;
  sidecars: number;
  ignored: number;
  left: number;
  /** Duplicates that are in the trash, or were removed for good. */
  inTrash: number;
  deleted: number;
  /** Sidecars that belong to no photo or video here. */
  unmatchedSidecars: number;
  described: number;
  trashed: number;
  albums: number;
  importedBytes: number;
  seconds: number;
  failures: FailedFile[];
  /** Photos that are in the library, but not all that is known of them. */
  problems: FailedFile[];
  unsupportedFiles: string[];
  ignoredByReason: Record<string, number>;
  skippedFolders: { path: string; reason: string; files: number; photos: number; complete: boolean }[];
  report: string | null;
  interrupted: boolean;
  stoppedBy: ErrorReport | null;
}

export const countsOf = (counts: Counts) => ({
  files: Object.values(counts).reduce((sum, files) => sum + files, 0),
  imported: counts.imported,
  duplicates: counts.duplicate,
  failed: counts.failed,
  unsupported: counts.unsupported,
  sidecars: counts.sidecar,
  ignored: counts.ignored,
  left: counts.left,
});

const MAX_LISTED = 50;

function listed(title: string, lines: readonly string[], all: boolean): string[] {
  if (lines.length === 0) return [];
  const shown = all ? lines : lines.slice(0, MAX_LISTED);
  const more = lines.length - shown.length;
  return [
    title,
    ...shown.map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${more} more (--json lists all)`] : []),
  ];
}

const reasons: Record<string, string> = {
  failed_videos: 'in "Failed Videos"',
  no_facts: 'JSON or XMP that says nothing of photos',
  too_large: 'JSON or XMP that is too large for a sidecar',
  not_a_photo: 'neither photos nor facts about them',
};

/** The summary for people, in lines. */
export function unpackedLines(summary: UnpackedSummary, verbose: boolean): string[] {
  const { files, imported, importedBytes, seconds, failures, problems } = summary;
  const lines = [
    `Imported ${count(imported, 'photo')} (${formatBytes(importedBytes)}) in ${formatSeconds(seconds)}.`,
  ];
  const ignored = Object.entries(summary.ignoredByReason)
    .map(([code, number]) => `${number} ${reasons[code] ?? code.replaceAll('_', ' ')}`)
    .join(', ');
  const also: [number, string][] = [
    [summary.duplicates, 'in the library already, or twice in the export'],
    [summary.inTrash, 'of them in the trash (--restore brings them back)'],
    [summary.deleted, 'of them deleted earlier (--restore uploads them again)'],
    [summary.unsupported, 'of types that are not stored yet, such as videos; they stay in the folder'],
    [summary.sidecars, `with facts about photos and albums${unmatched(summary)}`],
    [summary.ignored, `ignored: ${ignored}`],
    [summary.failed, 'failed'],
    [summary.left, 'not tried'],
  ];
  for (const [number, what] of also) if (number > 0) lines.push(`  ${number} ${what}`);
  lines.push(`  ${count(files, 'file')} in all`);
  if (summary.albums > 0) lines.push(`Filled ${count(summary.albums, 'album')}.`);
  if (summary.trashed > 0)
    lines.push(`Moved ${count(summary.trashed, 'photo')} to the trash, as in the export.`);
  for (const { path, complete } of summary.skippedFolders)
    if (!complete) lines.push(`Not counted to the end: ${path}`);
  const failed = failures.map(({ path, message }) => `${path}: ${message}`);
  lines.push(...listed(`${count(failures.length, 'file')} failed:`, failed, verbose));
  const incomplete = problems.map(({ path, message }) => `${path}: ${message}`);
  lines.push(...listed('In the library, but not all that is known of it:', incomplete, verbose));
  if (verbose) lines.push(...listed('Not stored:', summary.unsupportedFiles, true));
  else if (summary.unsupported > 0 && summary.report === null)
    lines.push('To see which files are not stored: --verbose, or --report <file.csv>');
  if (summary.report !== null) lines.push(`What became of each file: ${summary.report}`);
  return lines;
}

const unmatched = ({ unmatchedSidecars }: UnpackedSummary): string =>
  unmatchedSidecars > 0 ? `, ${unmatchedSidecars} of them of photos that are not here` : '';
