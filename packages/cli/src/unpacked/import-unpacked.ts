import { resolve } from 'node:path';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { CliError } from '../errors.js';
import { count, countLines, formatBytes, formatSeconds, listed } from '../format.js';
import { vacantOrThrow } from '../import/new-file.js';
import { type LocalPath, readablePath } from '../local-path.js';
import { type FailureList, failureList, finishRun, type RunEnd, runEndOf } from '../transfer/run.js';
import { noHashCache, openHashCache } from '../upload/hash-cache.js';
import { type FailedFile, failureLines, noteFound } from '../upload/send-files.js';
import { Account, type Outcome, writeReport } from './account.js';
import { planUnpacked } from './plan.js';
import { type SentUnpacked, sendUnpacked } from './send-unpacked.js';

export interface UnpackedOptions {
  concurrency: number;
  /** False with --no-cache. */
  cache: boolean;
  restore?: boolean;
  report?: string;
  force?: boolean;
  verbose?: boolean;
}

/** Uploads the photos of an unpacked export with the metadata of their sidecars. A repetition changes nothing. */
export async function importUnpacked(
  context: Context,
  roots: readonly LocalPath[],
  options: UnpackedOptions,
): Promise<number> {
  const { io, output, server, signal } = context;
  const { restore = false, force = false, verbose = false } = options;
  const report = options.report === undefined ? undefined : resolve(options.report);
  if (report !== undefined) await vacantOrThrow(report, force);
  const { deviceId } = await signedInAccount(context);
  const started = performance.now();
  const cache = options.cache ? await openHashCache(io.env.configDir) : noHashCache;
  output.note(`Searching for photos in ${roots.map(readablePath).join(', ')} …`);
  const onFound = (photos: number) => noteFound(context, photos);
  const plan = await planUnpacked(roots, { cache, signal, onFound });
  if (!plan.isExport) throw noExport(context, roots);
  output.note(`${count(plan.photos.length, 'photo')} (${formatBytes(plan.bytes)}).`);
  const account = new Account(plan);
  const sending = { concurrency: options.concurrency, restore, cache, deviceId };
  const { stoppedBy, ...sent } = await sendUnpacked(context, plan, account, sending);
  // An early end writes no report: the same command continues, and the file would be in its way.
  const written = stoppedBy === undefined ? report : undefined;
  if (written !== undefined) await writeReport(written, account.entries(), force);
  const summary: UnpackedSummary = {
    folders: roots.map(readablePath),
    server,
    ...sent,
    ...runEndOf(started, { stoppedBy, left: [] }),
    ...summaryOf(account),
    unmatchedSidecars: plan.unmatchedSidecars,
    skippedFolders: plan.skippedFolders.map((folder) => ({ ...folder, path: readablePath(folder.path) })),
    report: written ?? null,
  };
  return finishRun(output, {
    summary,
    stoppedBy,
    done: `${summary.imported} imported, ${summary.duplicates} there already`,
    lines: unpackedLines(summary, verbose),
    failed: summary.failed + summary.problems.length,
  });
}

function noExport(context: Context, roots: readonly LocalPath[]): CliError {
  const folders = roots.map(readablePath).join(', ');
  const next = nextCommand(context, 'upload <folder>');
  return new CliError(
    'no_export',
    `${folders} contains neither archives nor an export of Google Photos; to back up a folder of photos, run: ${next}`,
  );
}

/** The document of `import takeout --json` for an unpacked folder. Each of `files` is counted once, from `imported` to `left`. */
interface UnpackedSummary extends AccountSummary, Omit<SentUnpacked, 'stoppedBy'>, RunEnd {
  folders: string[];
  server: string;
  /** The number of sidecars without a photo or video here. */
  unmatchedSidecars: number;
  skippedFolders: { path: string; reason: string; files: number; photos: number; complete: boolean }[];
  report: string | null;
}

interface AccountSummary
  extends Omit<Record<Outcome, number>, 'duplicate' | 'sidecar'>,
    FailureList<FailedFile> {
  files: number;
  duplicates: number;
  sidecars: number;
  unsupportedFiles: string[];
  ignoredByReason: Record<string, number>;
}

function summaryOf(account: Account): AccountSummary {
  const { duplicate, sidecar, ...counts } = account.counts();
  const failures: FailedFile[] = [];
  const unsupportedFiles: string[] = [];
  const ignoredByReason: Record<string, number> = {};
  let files = 0;
  for (const { path, outcome, code = 'unknown', message = code } of account.entries()) {
    files += 1;
    if (outcome === 'failed') failures.push({ path, code, message });
    if (outcome === 'unsupported') unsupportedFiles.push(path);
    if (outcome === 'ignored') ignoredByReason[code] = (ignoredByReason[code] ?? 0) + 1;
  }
  const names = { duplicates: duplicate, sidecars: sidecar };
  return { files, ...counts, ...names, ...failureList(failures), unsupportedFiles, ignoredByReason };
}

const REASONS: Record<string, string> = {
  failed_videos: 'in "Failed Videos"',
  no_facts: 'JSON or XMP without metadata of photos',
  too_large: 'JSON or XMP that is too large for a sidecar',
  not_a_photo: 'neither photos nor sidecars',
};

/** Returns the lines of the summary for people. */
function unpackedLines(summary: UnpackedSummary, verbose: boolean): string[] {
  const { files, imported, importedBytes, seconds, failures, problems } = summary;
  const max = verbose ? Number.POSITIVE_INFINITY : undefined;
  const ignored = Object.entries(summary.ignoredByReason)
    .map(([code, number]) => `${number} ${REASONS[code] ?? code.replaceAll('_', ' ')}`)
    .join(', ');
  const lines = [
    `Imported ${count(imported, 'photo')} (${formatBytes(importedBytes)}) in ${formatSeconds(seconds)}.`,
    ...countLines([
      [summary.duplicates, 'already in the library, or twice in the export'],
      [summary.inTrash, 'of them in the trash (--restore restores them)'],
      [summary.deleted, 'of them deleted earlier (--restore uploads them again)'],
      [summary.unsupported, 'of types that are not stored yet, such as videos; they stay in the folder'],
      [summary.sidecars, `sidecars with metadata of photos and albums${unmatched(summary)}`],
      [summary.ignored, `ignored: ${ignored}`],
      [summary.failed, 'failed'],
      [summary.left, 'not tried'],
    ]),
    `  ${count(files, 'file')} in total`,
  ];
  if (summary.albums > 0) lines.push(`Filled ${count(summary.albums, 'album')}.`);
  if (summary.trashed > 0)
    lines.push(`Moved ${count(summary.trashed, 'photo')} to the trash, as in the export.`);
  for (const { path, complete } of summary.skippedFolders)
    if (!complete) lines.push(`Not counted completely: ${path}`);
  lines.push(
    ...listed(`${count(failures.length, 'file')} failed:`, failureLines(failures), max),
    ...listed('In the library, without all their metadata:', failureLines(problems), max),
  );
  if (verbose) lines.push(...listed('Not stored:', summary.unsupportedFiles, max));
  else if (summary.unsupported > 0 && summary.report === null)
    lines.push('To list the files that are not stored, add --verbose or --report <file.csv>');
  if (summary.report !== null) lines.push(`The outcome of each file is in ${summary.report}`);
  return lines;
}

const unmatched = ({ unmatchedSidecars }: UnpackedSummary): string =>
  unmatchedSidecars > 0 ? `, ${unmatchedSidecars} of them of photos that are not here` : '';
