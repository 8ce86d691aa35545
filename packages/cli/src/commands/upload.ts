import { type Context, signedInAccount } from '../context.js';
import { count, countLines, formatBytes, formatSeconds, listed } from '../format.js';
import { folderOrThrow, readableName, readablePath } from '../local-path.js';
import { type FailureList, failureList, finishRun, type RunEnd, runEndOf } from '../transfer/run.js';
import { noHashCache, openHashCache } from '../upload/hash-cache.js';
import { type LeftOutSummary, leftOutLines, leftOutSummary } from '../upload/left-out.js';
import { planUpload } from '../upload/plan.js';
import { type FailedFile, failureLines, noteFound, sendFiles, Tally } from '../upload/send-files.js';
import { announcedName, announcedTime } from '../upload/upload-file.js';

export interface UploadOptions {
  concurrency: number;
  restore?: boolean;
  /** False with --no-cache. */
  cache: boolean;
}

type UploadCount = 'photos' | 'uploaded' | 'existing' | 'duplicates' | 'restored' | 'inTrash' | 'deleted';

/** The document of `upload --json`. */
interface UploadSummary extends Record<UploadCount, number>, LeftOutSummary, RunEnd, FailureList<FailedFile> {
  folder: string;
  server: string;
  /** The bytes of the photos that are counted as uploaded. */
  uploadedBytes: number;
}

export async function upload(context: Context, folder: string, options: UploadOptions): Promise<number> {
  const { io, output, server, signal } = context;
  const { concurrency, restore = false } = options;
  const root = await folderOrThrow(folder);
  const { deviceId } = await signedInAccount(context);
  const started = performance.now();
  const cache = options.cache ? await openHashCache(io.env.configDir) : noHashCache;
  output.note(`Searching for photos in ${readablePath(root)} …`);
  const plan = await planUpload(root, { cache, signal, onFound: (photos) => noteFound(context, photos) });
  output.note(`${count(plan.photos.length, 'photo')} (${formatBytes(plan.bytes)}).`);
  const tally = new Tally();
  for (const { path, error } of plan.problems) tally.fail(path, error);
  const result = await sendFiles(context, [plan.photos], {
    ...{ concurrency, restore, cache, deviceId },
    announce: async ({ path, mtimeNs }) => ({
      fileName: announcedName(path),
      ...announcedTime(readableName(path), mtimeNs, new Date()),
    }),
    onDone: async ({ sizeBytes }, { outcome }) => tally.add(outcome, sizeBytes),
    onFailed: ({ path }, error) => tally.fail(path, error),
  });
  const { duplicate, ...counts } = tally.counts;
  const summary: UploadSummary = {
    folder: readablePath(root),
    server,
    photos: plan.photos.length,
    ...counts,
    duplicates: duplicate,
    uploadedBytes: tally.uploadedBytes,
    ...failureList(tally.failures),
    ...leftOutSummary(plan),
    ...runEndOf(started, result),
  };
  const done = `${counts.uploaded} uploaded, ${counts.existing} there already`;
  return finishRun(output, {
    summary,
    stoppedBy: result.stoppedBy,
    done,
    lines: summaryLines(summary),
    failed: summary.failed,
  });
}

function summaryLines(summary: UploadSummary): string[] {
  const { uploaded, uploadedBytes, seconds, failures } = summary;
  return [
    `Uploaded ${count(uploaded, 'photo')} (${formatBytes(uploadedBytes)}) in ${formatSeconds(seconds)}.`,
    ...countLines([
      [summary.existing, 'there already'],
      [summary.duplicates, 'the same as another file here'],
      [summary.restored, 'restored'],
      [summary.inTrash, 'in the trash (--restore restores them)'],
      [summary.deleted, 'deleted earlier (--restore uploads them again)'],
    ]),
    ...leftOutLines(summary),
    ...listed(`${count(failures.length, 'file')} failed:`, failureLines(failures)),
  ];
}
