import type { Context } from '../context.js';
import { type ErrorReport, reportOf } from '../errors.js';
import { type LocalPath, readableName, readablePath } from '../local-path.js';
import type { QueueResult } from '../transfer/queue.js';
import { type TransferOptions, transferFiles } from '../transfer/run.js';
import type { PlannedPhoto } from './plan.js';
import { type Announcement, type FileOutcome, type UploadedFile, uploadFile } from './upload-file.js';

export interface SendOptions<T> extends Pick<TransferOptions<T>, 'concurrency' | 'cache' | 'onFailed'> {
  restore: boolean;
  deviceId: string | undefined;
  announce(file: T): Promise<Announcement>;
  /** The node has the file. If this throws, the file is tried again, and the node then has it already. */
  onDone(file: T, uploaded: UploadedFile): Promise<void>;
}

/** Prints the number of photos now and then while a folder is searched. */
export function noteFound({ output }: Context, photos: number): void {
  if (photos % 10_000 === 0) output.note(`${photos} so far …`);
}

/** The progress shows the reading of a file of this size, because it takes long. */
const SHOWN_BYTES = 100_000_000;

/** Uploads files with a progress bar. A group begins when the group before it has ended. */
export async function sendFiles<T extends PlannedPhoto>(
  context: Context,
  groups: readonly (readonly T[])[],
  options: SendOptions<T>,
): Promise<QueueResult<T>> {
  const { client, signal } = context;
  const { cache, restore, deviceId, announce, onDone } = options;
  /** The bytes that have been read of files before they can be sent. */
  const reading = new Map<T, number>();
  const inThisRun = new Map<string, Promise<UploadedFile>>();
  const work = async (file: T, onBytes: (bytes: number) => void): Promise<void> => {
    try {
      const uploaded = await uploadFile(file, await announce(file), {
        ...{ client, cache, deviceId, restore, signal, inThisRun },
        onRead: (bytes) => void (file.sizeBytes >= SHOWN_BYTES && reading.set(file, bytes)),
        onBytes: (bytes) => {
          reading.delete(file);
          onBytes(bytes);
        },
      });
      await onDone(file, uploaded);
    } finally {
      reading.delete(file);
    }
  };
  const progressText = () =>
    [...reading]
      .map(([file, bytes]) => `reading ${readableName(file.path)} (${percent(file, bytes)}%)`)
      .join(', ');
  return transferFiles(context, groups, { ...options, work, progressText });
}

const percent = ({ sizeBytes }: PlannedPhoto, bytes: number): number =>
  Math.min(100, Math.floor((bytes / sizeBytes) * 100));

export interface FailedFile extends ErrorReport {
  path: string;
}

export const failedFile = (path: LocalPath, error: unknown): FailedFile => ({
  path: readablePath(path),
  ...reportOf(error),
});

export const failureLines = (failures: readonly FailedFile[]): string[] =>
  failures.map(({ path, message }) => `${path}: ${message}`);

/** Counts the outcomes of a run. */
export class Tally {
  readonly counts: Record<FileOutcome, number> = {
    uploaded: 0,
    existing: 0,
    duplicate: 0,
    restored: 0,
    inTrash: 0,
    deleted: 0,
  };
  readonly failures: FailedFile[] = [];
  /** The bytes of the files that are counted as uploaded. */
  uploadedBytes = 0;

  add(outcome: FileOutcome, sizeBytes: number): void {
    this.counts[outcome] += 1;
    if (outcome === 'uploaded') this.uploadedBytes += sizeBytes;
  }

  fail(path: LocalPath, error: unknown): void {
    this.failures.push(failedFile(path, error));
  }
}
