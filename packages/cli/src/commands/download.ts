import { mkdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { photoPages } from '@lazyphotos/client';
import type { MediaVariant } from '@lazyphotos/contracts';
import { type Context, signedInAccount } from '../context.js';
import { type PhotoToDownload, downloadFile, existingPreviews } from '../download/download-file.js';
import { type ErrorReport, InterruptedError, UsageError, exitCodes, reportOf } from '../errors.js';
import { count, formatBytes, formatSeconds } from '../format.js';
import { createProgress, showProgress } from '../transfer/progress.js';
import { RETRY_PAUSES_MS, judgeTransfer, runQueue } from '../transfer/queue.js';
import { openHashCache } from '../upload/hash-cache.js';

export interface DownloadOptions {
  size: MediaVariant;
  album?: string;
  concurrency: number;
}

export async function download(context: Context, folder: string, options: DownloadOptions): Promise<number> {
  const { output, server } = context;
  const root = await makeFolder(folder);
  await signedInAccount(context);
  const started = performance.now();
  const photos = await listPhotos(context, options.album);
  const bytes = photos.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  output.note(`${count(photos.length, 'photo')} (${formatBytes(bytes)} in originals).`);
  const summary: DownloadSummary = {
    folder: root,
    server,
    photos: photos.length,
    downloaded: 0,
    existing: 0,
    failed: 0,
    left: 0,
    interrupted: false,
    downloadedBytes: 0,
    seconds: 0,
    failures: [],
    stoppedBy: null,
  };
  const stoppedBy = await receive(context, photos, { ...options, root, summary });
  summary.seconds = Math.round(performance.now() - started) / 1000;
  return finish(context, summary, stoppedBy);
}

async function makeFolder(folder: string): Promise<string> {
  const root = resolve(folder);
  const existing = await stat(root).catch(() => undefined);
  if (existing !== undefined && !existing.isDirectory()) throw new UsageError(`${folder} is not a folder`);
  if (existing === undefined && folder.includes('\ufffd'))
    throw new UsageError(`the name of ${folder} is not UTF-8; take another folder`);
  await mkdir(root, { recursive: true });
  return root;
}

/** Only what a download needs of each photo: a big library is held in memory as a whole. */
async function listPhotos(
  { client, signal }: Context,
  albumId: string | undefined,
): Promise<PhotoToDownload[]> {
  const photos: PhotoToDownload[] = [];
  for await (const page of photoPages(client, { albumId, signal })) {
    for (const photo of page) {
      const { id, fileName, hash, sizeBytes, mimeType, capturedAt, uploadedAt, processing, processingError } =
        photo;
      photos.push({
        id,
        fileName,
        hash,
        sizeBytes,
        mimeType,
        capturedAt,
        uploadedAt,
        processing,
        processingError,
      });
    }
  }
  return photos;
}

interface Receiving extends DownloadOptions {
  root: string;
  summary: DownloadSummary;
}

/** Fills in the summary. Resolves to the error that ended the download early, or undefined. */
async function receive(context: Context, photos: PhotoToDownload[], receiving: Receiving): Promise<unknown> {
  const { client, io, signal } = context;
  const { root, size, concurrency, summary } = receiving;
  const cache = await openHashCache(io.env.configDir);
  const taken = size === 'original' ? new Set<string>() : await existingPreviews(root, size);
  const progress = createProgress({
    files: photos.length,
    bytes: photos.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  });
  const hide = showProgress(context, progress);
  const deps = { client, folder: root, size, cache, signal, taken, onBytes: progress.move };
  try {
    const { stoppedBy, left } = await runQueue(photos, {
      concurrency,
      pausesMs: RETRY_PAUSES_MS,
      signal,
      judge: judgeTransfer,
      work: async (photo) => {
        progress.begin(photo);
        try {
          const { outcome, bytes } = await downloadFile(photo, deps);
          summary[outcome] += 1;
          summary.downloadedBytes += bytes;
          progress.finish(photo, photo.sizeBytes);
        } catch (error) {
          progress.drop(photo);
          throw error;
        }
      },
      onFailed: (photo, error) => {
        summary.failures.push({ id: photo.id, fileName: photo.fileName, ...reportOf(error) });
        progress.finish(photo, photo.sizeBytes);
      },
    });
    summary.left = left.length;
    return stoppedBy;
  } finally {
    hide();
    await cache.save().catch(() => undefined);
  }
}

function finish({ output }: Context, summary: DownloadSummary, stoppedBy: unknown): number {
  summary.failed = summary.failures.length;
  summary.interrupted = stoppedBy instanceof InterruptedError;
  if (stoppedBy !== undefined && !summary.interrupted) summary.stoppedBy = reportOf(stoppedBy);
  output.document(summary);
  if (stoppedBy instanceof InterruptedError) {
    output.error(downloadInterruptedLine(summary));
    return stoppedBy.exitCode;
  }
  for (const line of downloadLines(summary)) output.line(line);
  if (summary.stoppedBy !== null) {
    output.error(`stopped with ${count(summary.left, 'photo')} left: ${summary.stoppedBy.message}`);
    return exitCodes.failed;
  }
  if (summary.failed > 0 && output.mode === 'quiet') output.error(`${count(summary.failed, 'photo')} failed`);
  return summary.failed > 0 ? exitCodes.failed : exitCodes.ok;
}

/** The document of `download --json`. */
export interface DownloadSummary {
  folder: string;
  server: string;
  photos: number;
  downloaded: number;
  existing: number;
  failed: number;
  left: number;
  interrupted: boolean;
  downloadedBytes: number;
  seconds: number;
  failures: (ErrorReport & { id: string; fileName: string })[];
  stoppedBy: ErrorReport | null;
}

const MAX_LISTED = 50;

export function downloadLines(summary: DownloadSummary): string[] {
  const { downloaded, downloadedBytes, existing, seconds, failures } = summary;
  const lines = [
    `Downloaded ${count(downloaded, 'photo')} (${formatBytes(downloadedBytes)}) in ${formatSeconds(seconds)}.`,
  ];
  if (existing > 0) lines.push(`  ${existing} there already`);
  if (failures.length > 0) lines.push(`${count(failures.length, 'photo')} failed:`);
  for (const { fileName, message } of failures.slice(0, MAX_LISTED)) lines.push(`  ${fileName}: ${message}`);
  if (failures.length > MAX_LISTED)
    lines.push(`  and ${failures.length - MAX_LISTED} more (--json lists all)`);
  return lines;
}

export const downloadInterruptedLine = ({ downloaded, existing, left }: DownloadSummary): string =>
  `Interrupted: ${downloaded} downloaded, ${existing} there already, ${left} left. The same command continues.`;
