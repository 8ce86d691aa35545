import { resolve } from 'node:path';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { CliError, type ErrorReport, InterruptedError, exitCodes, reportOf } from '../errors.js';
import { count, formatBytes, formatSeconds } from '../format.js';
import { vacantOrThrow } from '../import/new-file.js';
import { type LocalPath, readablePath } from '../local-path.js';
import { noHashCache, openHashCache } from '../upload/hash-cache.js';
import type { FailedFile } from '../upload/summary.js';
import { type Account, type Counts, createAccount, writeReport } from './account.js';
import { type UnpackedPlan, planUnpacked } from './plan.js';
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

/** Uploads the photos of an export that was unpacked, with what their sidecars say. Running it again changes nothing. */
export async function importUnpacked(
  context: Context,
  roots: readonly LocalPath[],
  options: UnpackedOptions,
): Promise<number> {
  const { io, output, signal } = context;
  const { force = false } = options;
  const report = options.report === undefined ? undefined : resolve(options.report);
  if (report !== undefined) await vacantOrThrow(report, force);
  const { deviceId } = await signedInAccount(context);
  const started = performance.now();
  const cache = options.cache ? await openHashCache(io.env.configDir) : noHashCache;
  output.note(`Looking for photos in ${roots.map(readablePath).join(', ')} …`);
  const onFound = (photos: number) => {
    if (photos % 10_000 === 0) output.note(`${photos} so far …`);
  };
  const plan = await planUnpacked(roots, { cache, signal, onFound });
  if (!plan.isExport) throw noExport(context, roots);
  output.note(`${count(plan.photos.length, 'photo')} (${formatBytes(plan.bytes)}).`);
  const account = createAccount(plan);
  const { concurrency, restore = false } = options;
  const sent = await sendUnpacked(context, plan, account, { concurrency, restore, cache, deviceId });
  // Not after an interruption: the same command continues, and would find the file in its way.
  const isWhole = sent.stoppedBy === undefined;
  if (report !== undefined && isWhole) await writeReport(report, account.entries(), force);
  const seconds = Math.round(performance.now() - started) / 1000;
  return finish(
    context,
    summarize(context, { roots, plan, account, sent, report: isWhole ? report : undefined, seconds }),
    sent,
    options,
  );
}

function noExport(context: Context, roots: readonly LocalPath[]): CliError {
  const folders = roots.map(readablePath).join(', ');
  const next = nextCommand(context, 'upload <folder>');
  return new CliError(
    'no_export',
    `${folders} holds neither archives nor an export of Google Photos; to back up a folder of photos, run: ${next}`,
  );
}

interface Ended {
  roots: readonly LocalPath[];
  plan: UnpackedPlan;
  account: Account;
  sent: SentUnpacked;
  report: string | undefined;
  seconds: number;
}

function summarize({ server }: Context, ended: Ended): UnpackedSummary {
  const { roots, plan, account, sent, report, seconds } = ended;
  const { stoppedBy, ...done } = sent;
  const interrupted = stoppedBy instanceof InterruptedError;
  const failures: UnpackedSummary['failures'] = [];
  const unsupportedFiles: string[] = [];
  const ignoredByReason: Record<string, number> = {};
  for (const { path, outcome, code = 'unknown', message = code } of account.entries()) {
    if (outcome === 'failed') failures.push({ path, code, message });
    if (outcome === 'unsupported') unsupportedFiles.push(path);
    if (outcome === 'ignored') ignoredByReason[code] = (ignoredByReason[code] ?? 0) + 1;
  }
  return {
    folders: roots.map(readablePath),
    server,
    ...countsOf(account.counts()),
    ...done,
    unmatchedSidecars: plan.unmatchedSidecars,
    seconds,
    failures,
    unsupportedFiles,
    ignoredByReason,
    skippedFolders: plan.skippedFolders.map((folder) => ({ ...folder, path: readablePath(folder.path) })),
    report: report ?? null,
    interrupted,
    stoppedBy: stoppedBy === undefined || interrupted ? null : reportOf(stoppedBy),
  };
}

function finish(
  { output }: Context,
  summary: UnpackedSummary,
  { stoppedBy }: SentUnpacked,
  { verbose = false }: UnpackedOptions,
): number {
  output.document(summary);
  if (stoppedBy instanceof InterruptedError) {
    const { imported, duplicates, left } = summary;
    output.error(
      `Interrupted: ${imported} imported, ${duplicates} there already, ${left} left. The same command continues.`,
    );
    return stoppedBy.exitCode;
  }
  for (const line of unpackedLines(summary, verbose)) output.line(line);
  if (summary.stoppedBy !== null) {
    const left = count(summary.left, 'photo');
    output.error(`stopped with ${left} left: ${summary.stoppedBy.message}; the same command continues`);
    return exitCodes.failed;
  }
  const bad = summary.failed + summary.problems.length;
  if (bad > 0 && output.mode === 'quiet') output.error(`${count(bad, 'file')} failed`);
  return bad > 0 ? exitCodes.failed : exitCodes.ok;
}

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
