import { resolve } from 'node:path';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { CliError, exitCodes, InterruptedError, reportOf } from '../errors.js';
import { count, formatBytes } from '../format.js';
import { vacantOrThrow } from '../import/new-file.js';
import { type LocalPath, readablePath } from '../local-path.js';
import { noHashCache, openHashCache } from '../upload/hash-cache.js';
import { type Account, createAccount } from './account.js';
import { writeReport } from './csv-report.js';
import { planUnpacked, type UnpackedPlan } from './plan.js';
import { type SentUnpacked, sendUnpacked } from './send-unpacked.js';
import { countsOf, type UnpackedSummary, unpackedLines } from './summary.js';

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
