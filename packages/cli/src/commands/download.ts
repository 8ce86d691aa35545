import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { photoPages } from '@lazyphotos/client';
import type { MediaVariant } from '@lazyphotos/contracts';
import { makeFolderDurably } from '@lazyphotos/system';
import { type Context, signedInAccount } from '../context.js';
import {
  DOWNLOAD_FIELDS,
  downloadFile,
  existingPreviews,
  type PhotoToDownload,
} from '../download/download-file.js';
import { type ErrorReport, reportOf, UsageError } from '../errors.js';
import { count, countLines, formatBytes, formatSeconds, listed, pick, sum } from '../format.js';
import {
  type FailureList,
  failureList,
  finishRun,
  type RunEnd,
  runEndOf,
  transferFiles,
} from '../transfer/run.js';
import { openHashCache } from '../upload/hash-cache.js';

export interface DownloadOptions {
  size: MediaVariant;
  album?: string;
  concurrency: number;
}

/** The document of `download --json`. */
interface DownloadSummary extends RunEnd, FailureList<ErrorReport & { id: string; fileName: string }> {
  folder: string;
  server: string;
  photos: number;
  downloaded: number;
  existing: number;
  downloadedBytes: number;
}

export async function download(context: Context, folder: string, options: DownloadOptions): Promise<number> {
  const { client, io, output, server, signal } = context;
  const { size, concurrency } = options;
  const root = await makeFolder(folder);
  await signedInAccount(context);
  const started = performance.now();
  const photos = await listPhotos(context, options.album);
  const bytes = sum(photos, ({ sizeBytes }) => sizeBytes);
  output.note(`${count(photos.length, 'photo')} (${formatBytes(bytes)} in originals).`);
  const cache = await openHashCache(io.env.configDir);
  const taken = size === 'original' ? new Set<string>() : await existingPreviews(root, size);
  const done = { downloaded: 0, existing: 0, downloadedBytes: 0 };
  const failures: DownloadSummary['failures'] = [];
  const result = await transferFiles(context, [photos], {
    concurrency,
    cache,
    work: async (photo, onBytes) => {
      const deps = { client, folder: root, size, cache, signal, taken, onBytes };
      const { outcome, bytes } = await downloadFile(photo, deps);
      done[outcome] += 1;
      done.downloadedBytes += bytes;
    },
    onFailed: ({ id, fileName }, error) => void failures.push({ id, fileName, ...reportOf(error) }),
  });
  const summary: DownloadSummary = {
    folder: root,
    server,
    photos: photos.length,
    ...done,
    ...failureList(failures),
    ...runEndOf(started, result),
  };
  return finishRun(output, {
    summary,
    stoppedBy: result.stoppedBy,
    done: `${done.downloaded} downloaded, ${done.existing} there already`,
    lines: summaryLines(summary),
    failed: failures.length,
  });
}

async function makeFolder(folder: string): Promise<string> {
  const root = resolve(folder);
  const existing = await stat(root).catch(() => undefined);
  if (existing !== undefined && !existing.isDirectory()) throw new UsageError(`${folder} is not a folder`);
  if (existing === undefined && folder.includes('\ufffd'))
    throw new UsageError(`the name of ${folder} is not UTF-8; use another folder`);
  await makeFolderDurably(root);
  return root;
}

/** Reads only the fields that a download needs: all photos of a big library are in memory. */
async function listPhotos(
  { client, signal }: Context,
  albumId: string | undefined,
): Promise<PhotoToDownload[]> {
  const photos: PhotoToDownload[] = [];
  for await (const page of photoPages(client, { albumId, signal }))
    photos.push(...page.map((photo) => pick(photo, DOWNLOAD_FIELDS)));
  return photos;
}

function summaryLines({
  downloaded,
  downloadedBytes,
  existing,
  seconds,
  failures,
}: DownloadSummary): string[] {
  const failed = failures.map(({ fileName, message }) => `${fileName}: ${message}`);
  return [
    `Downloaded ${count(downloaded, 'photo')} (${formatBytes(downloadedBytes)}) in ${formatSeconds(seconds)}.`,
    ...countLines([[existing, 'there already']]),
    ...listed(`${count(failures.length, 'photo')} failed:`, failed),
  ];
}
