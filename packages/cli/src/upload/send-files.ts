import type { Context } from '../context.js';
import { reportOf } from '../errors.js';
import { readableName } from '../local-path.js';
import { createProgress, showProgress } from '../transfer/progress.js';
import { type QueueResult, RETRY_PAUSES_MS, judgeTransfer, runQueue } from '../transfer/queue.js';
import type { HashCache } from './hash-cache.js';
import type { PlannedPhoto } from './plan.js';
import { type Announcement, type UploadedFile, uploadFile } from './upload-file.js';

export interface SendOptions<T> {
  concurrency: number;
  restore: boolean;
  cache: HashCache;
  deviceId: string | undefined;
  announce(file: T): Promise<Announcement>;
  /** The node has the file. When it throws, the file is tried again, and is then there already. */
  onDone(file: T, uploaded: UploadedFile): Promise<void>;
  /** The file will not be tried again. */
  onFailed(file: T, error: unknown): void;
}

/** What hashing a big library has found out survives a crash up to this much of it. */
const SAVE_CACHE_MS = 60_000;
/** Reading a file of this size takes long enough to be shown. */
const SHOWN_BYTES = 100_000_000;

/** The files that are being read before they can be sent. */
function createReading() {
  const files = new Map<PlannedPhoto, number>();
  return {
    move: (file: PlannedPhoto, bytes: number) =>
      void (file.sizeBytes >= SHOWN_BYTES && files.set(file, bytes)),
    end: (file: PlannedPhoto) => void files.delete(file),
    text: () =>
      [...files]
        .map(([{ path, sizeBytes }, bytes]) => {
          const percent = Math.min(100, Math.floor((bytes / sizeBytes) * 100));
          return `reading ${readableName(path)} (${percent}%)`;
        })
        .join(', '),
  };
}

/** Uploads files with a progress bar. A group begins when the one before has ended. */
export async function sendFiles<T extends PlannedPhoto>(
  context: Context,
  groups: readonly (readonly T[])[],
  options: SendOptions<T>,
): Promise<QueueResult<T>> {
  const { client, output, signal } = context;
  const { cache, restore, deviceId, concurrency, announce, onDone, onFailed } = options;
  const all = groups.flat();
  const progress = createProgress({
    files: all.length,
    bytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  });
  const reading = createReading();
  const hide = showProgress(context, progress, reading.text);
  const saving = setInterval(() => void cache.save().catch(() => undefined), SAVE_CACHE_MS);
  const deps = {
    client,
    cache,
    deviceId,
    restore,
    signal,
    inThisRun: new Map(),
    onRead: reading.move,
    onBytes: (file: PlannedPhoto, bytes: number) => {
      reading.end(file);
      progress.move(file, bytes);
    },
  };
  const work = async (file: T): Promise<void> => {
    progress.begin(file);
    try {
      await onDone(file, await uploadFile(file, await announce(file), deps));
      progress.finish(file, file.sizeBytes);
    } catch (error) {
      progress.drop(file);
      throw error;
    } finally {
      reading.end(file);
    }
  };
  const runGroup = (group: readonly T[]): Promise<QueueResult<T>> =>
    runQueue(group, {
      concurrency,
      pausesMs: RETRY_PAUSES_MS,
      signal,
      judge: judgeTransfer,
      work,
      onFailed: (file, error) => {
        onFailed(file, error);
        progress.finish(file, file.sizeBytes);
      },
    });
  try {
    for (const [index, group] of groups.entries()) {
      const { left, ...stopped } = await runGroup(group);
      if ('stoppedBy' in stopped) return { ...stopped, left: [...left, ...groups.slice(index + 1).flat()] };
    }
    return { left: [] };
  } finally {
    hide();
    clearInterval(saving);
    // The photos are safe whether or not the next run will be quick.
    await cache
      .save()
      .catch((error: unknown) => output.note(`The hashes could not be kept: ${reportOf(error).message}`));
  }
}
