import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Context, signedInAccount } from '../context.js';
import { exitCodes, InterruptedError, reportOf, UsageError } from '../errors.js';
import { count, formatBytes } from '../format.js';
import { findDecodedPath, type LocalPath, readablePath } from '../local-path.js';
import { judgeTransfer, RETRY_PAUSES_MS } from '../transfer/judge.js';
import { createProgress } from '../transfer/progress.js';
import { showProgress } from '../transfer/progress-view.js';
import { type QueueResult, runQueue } from '../transfer/queue.js';
import { type HashCache, noHashCache, openHashCache } from '../upload/hash-cache.js';
import { leftOutSummary } from '../upload/left-out-summary.js';
import { type Plan, type PlannedPhoto, planUpload } from '../upload/plan.js';
import {
  createTally,
  interruptedLine,
  summaryLines,
  type Tally,
  type UploadSummary,
} from '../upload/summary.js';
import { uploadFile } from '../upload/upload-file.js';

export interface UploadOptions {
  concurrency: number;
  restore?: boolean;
  /** False with --no-cache. */
  cache: boolean;
}

/** What hashing a big library has found out survives a crash up to this much of it. */
const SAVE_CACHE_MS = 60_000;

export async function upload(context: Context, folder: string, options: UploadOptions): Promise<number> {
  const { io, output, server, signal } = context;
  const root = await folderOrThrow(folder);
  const account = await signedInAccount(context);
  const started = performance.now();
  const cache = options.cache ? await openHashCache(io.env.configDir) : noHashCache;
  output.note(`Looking for photos in ${readablePath(root)} …`);
  const plan = await planUpload(root, { cache, signal, onFound: (photos) => announce(context, photos) });
  output.note(`${count(plan.photos.length, 'photo')} (${formatBytes(plan.bytes)}).`);
  const tally = createTally();
  for (const { path, error } of plan.problems) tally.fail(path, error);
  const result = await send(context, plan, { ...options, cache, tally, deviceId: account.deviceId });
  const summary = summarize({
    root,
    server,
    plan,
    tally,
    result,
    seconds: (performance.now() - started) / 1000,
  });
  return finish(context, summary, result);
}

async function folderOrThrow(folder: string): Promise<LocalPath> {
  const given = resolve(folder);
  const root = given.includes('\ufffd') ? await findDecodedPath(given) : given;
  const stats = root === undefined ? undefined : await stat(root).catch(() => undefined);
  if (root !== undefined && stats?.isDirectory()) return root;
  if (given.includes('\ufffd'))
    throw new UsageError(
      `${folder} is not UTF-8, and none or more than one folder may be meant; try the one above`,
    );
  throw new UsageError(`there is no folder ${folder}`);
}

function announce({ output }: Context, photos: number): void {
  if (photos % 10_000 === 0) output.note(`${photos} so far …`);
}

interface Sending {
  concurrency: number;
  restore?: boolean;
  cache: HashCache;
  tally: Tally;
  deviceId: string | undefined;
}

async function send(context: Context, plan: Plan, sending: Sending): Promise<QueueResult<PlannedPhoto>> {
  const { client, signal } = context;
  const { cache, tally, restore = false, deviceId, concurrency } = sending;
  const progress = createProgress({ files: plan.photos.length, bytes: plan.bytes });
  const hide = showProgress(context, progress);
  const saving = setInterval(() => void cache.save().catch(() => undefined), SAVE_CACHE_MS);
  const deps = { client, cache, deviceId, restore, signal, inThisRun: new Map(), onBytes: progress.move };
  try {
    return await runQueue(plan.photos, {
      concurrency,
      pausesMs: RETRY_PAUSES_MS,
      signal,
      judge: judgeTransfer,
      work: async (file) => {
        progress.begin(file);
        try {
          tally.add(await uploadFile(file, deps), file.sizeBytes);
          progress.finish(file, file.sizeBytes);
        } catch (error) {
          progress.drop(file);
          throw error;
        }
      },
      onFailed: (file, error) => {
        tally.fail(file.path, error);
        progress.finish(file, file.sizeBytes);
      },
    });
  } finally {
    hide();
    clearInterval(saving);
    // The photos are safe whether or not the next run will be quick.
    await cache
      .save()
      .catch((error: unknown) =>
        context.output.note(`The hashes could not be kept: ${reportOf(error).message}`),
      );
  }
}

interface Ended {
  root: LocalPath;
  server: string;
  plan: Plan;
  tally: Tally;
  result: QueueResult<PlannedPhoto>;
  seconds: number;
}

function summarize({ root, server, plan, tally, result, seconds }: Ended): UploadSummary {
  const { duplicate, ...counts } = tally.counts;
  const interrupted = result.stoppedBy instanceof InterruptedError;
  return {
    folder: readablePath(root),
    server,
    photos: plan.photos.length,
    ...counts,
    duplicates: duplicate,
    failed: tally.failures.length,
    left: result.left.length,
    interrupted,
    uploadedBytes: tally.uploadedBytes,
    seconds: Math.round(seconds * 1000) / 1000,
    failures: tally.failures,
    ...leftOutSummary(plan),
    stoppedBy: result.stoppedBy === undefined || interrupted ? null : reportOf(result.stoppedBy),
  };
}

function finish(
  { output }: Context,
  summary: UploadSummary,
  { stoppedBy }: QueueResult<PlannedPhoto>,
): number {
  output.document(summary);
  if (stoppedBy instanceof InterruptedError) {
    output.error(interruptedLine(summary));
    return stoppedBy.exitCode;
  }
  for (const line of summaryLines(summary)) output.line(line);
  if (summary.stoppedBy !== null) {
    output.error(`stopped with ${count(summary.left, 'photo')} left: ${summary.stoppedBy.message}`);
    return exitCodes.failed;
  }
  if (summary.failed > 0 && output.mode === 'quiet') output.error(`${count(summary.failed, 'file')} failed`);
  return summary.failed > 0 ? exitCodes.failed : exitCodes.ok;
}
