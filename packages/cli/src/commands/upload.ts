import { type Context, signedInAccount } from '../context.js';
import { InterruptedError, exitCodes, reportOf } from '../errors.js';
import { count, formatBytes } from '../format.js';
import { type LocalPath, folderOrThrow, readableName, readablePath } from '../local-path.js';
import type { QueueResult } from '../transfer/queue.js';
import { type HashCache, noHashCache, openHashCache } from '../upload/hash-cache.js';
import { leftOutSummary } from '../upload/left-out.js';
import { type Plan, type PlannedPhoto, planUpload } from '../upload/plan.js';
import { sendFiles } from '../upload/send-files.js';
import { type Tally, type UploadSummary, createTally, interruptedLine, summaryLines } from '../upload/summary.js';
import { type Announcement, announcedName, announcedTime } from '../upload/upload-file.js';

export interface UploadOptions {
  concurrency: number;
  restore?: boolean;
  /** False with --no-cache. */
  cache: boolean;
}

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

const announcementOf = async ({ path, mtimeNs }: PlannedPhoto): Promise<Announcement> => ({
  fileName: announcedName(path),
  ...announcedTime(readableName(path), mtimeNs, new Date()),
});

function send(context: Context, plan: Plan, sending: Sending): Promise<QueueResult<PlannedPhoto>> {
  const { tally, restore = false, ...options } = sending;
  return sendFiles(context, [plan.photos], {
    ...options,
    restore,
    announce: announcementOf,
    onDone: async ({ sizeBytes }, { outcome }) => tally.add(outcome, sizeBytes),
    onFailed: ({ path }, error) => tally.fail(path, error),
  });
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
