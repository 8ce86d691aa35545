import type { Context } from '../context.js';
import { type ErrorReport, exitCodes, InterruptedError, reportOf } from '../errors.js';
import { count, sum } from '../format.js';
import type { Output } from '../output.js';
import type { HashCache } from '../upload/hash-cache.js';
import { Progress, showProgress } from './progress.js';
import { judgeTransfer, type QueueResult, RETRY_PAUSES_MS, runQueue } from './queue.js';

export interface TransferOptions<T> {
  concurrency: number;
  cache: HashCache;
  /** Transfers one file. It calls `onBytes` with the bytes so far. */
  work(file: T, onBytes: (bytes: number) => void): Promise<void>;
  /** There is no further attempt for this file. */
  onFailed(file: T, error: unknown): void;
  /** More text for the progress bar; empty for none. */
  progressText?: () => string;
}

/** After a crash, the next run hashes again only what was hashed in this time. */
const SAVE_CACHE_MS = 60_000;

/** Transfers files with a progress bar. A group begins when the group before it has ended. */
export async function transferFiles<T extends { sizeBytes: number }>(
  context: Context,
  groups: readonly (readonly T[])[],
  { concurrency, cache, work, onFailed, progressText }: TransferOptions<T>,
): Promise<QueueResult<T>> {
  const { output, signal } = context;
  const all = groups.flat();
  const progress = new Progress({ files: all.length, bytes: sum(all, ({ sizeBytes }) => sizeBytes) });
  const hide = showProgress(context, progress, progressText);
  const saving = setInterval(() => void cache.save().catch(() => undefined), SAVE_CACHE_MS);
  const queueOptions = {
    concurrency,
    pausesMs: RETRY_PAUSES_MS,
    signal,
    judge: judgeTransfer,
    work: async (file: T): Promise<void> => {
      progress.move(file, 0);
      try {
        await work(file, (bytes) => progress.move(file, bytes));
        progress.finish(file, file.sizeBytes);
      } catch (error) {
        progress.drop(file);
        throw error;
      }
    },
    onFailed: (file: T, error: unknown): void => {
      onFailed(file, error);
      progress.finish(file, file.sizeBytes);
    },
  };
  try {
    for (const [index, group] of groups.entries()) {
      const { left, ...stopped } = await runQueue(group, queueOptions);
      if ('stoppedBy' in stopped) return { ...stopped, left: [...left, ...groups.slice(index + 1).flat()] };
    }
    return { left: [] };
  } finally {
    hide();
    clearInterval(saving);
    // The files are safe without the cache; only the next run is slower.
    await cache
      .save()
      .catch((error: unknown) => output.note(`The hashes could not be saved: ${reportOf(error).message}`));
  }
}

/** The end of a run, in its --json document. */
export interface RunEnd {
  seconds: number;
  /** The number of files without a final outcome. */
  left: number;
  interrupted: boolean;
  /** The error that ended the run early. */
  stoppedBy: ErrorReport | null;
}

export interface FailureList<F> {
  failed: number;
  failures: F[];
}

export const failureList = <F>(failures: F[]): FailureList<F> => ({ failed: failures.length, failures });

export function stopOf(stoppedBy: unknown): Pick<RunEnd, 'interrupted' | 'stoppedBy'> {
  const interrupted = stoppedBy instanceof InterruptedError;
  return { interrupted, stoppedBy: stoppedBy === undefined || interrupted ? null : reportOf(stoppedBy) };
}

export const runEndOf = (started: number, { stoppedBy, left }: QueueResult<unknown>): RunEnd => ({
  seconds: Math.round(performance.now() - started) / 1000,
  left: left.length,
  ...stopOf(stoppedBy),
});

interface FinishedRun {
  summary: RunEnd;
  stoppedBy: unknown;
  /** The counts for the line after an interruption. */
  done: string;
  lines: readonly string[];
  failed: number;
}

/** Prints the summary of a run. Returns the exit code. */
export function finishRun(output: Output, { summary, stoppedBy, done, lines, failed }: FinishedRun): number {
  output.document(summary);
  if (stoppedBy instanceof InterruptedError) {
    output.error(`Interrupted: ${done}, ${summary.left} left. The same command continues.`);
    return stoppedBy.exitCode;
  }
  for (const line of lines) output.line(line);
  if (summary.stoppedBy !== null) {
    const left = count(summary.left, 'photo');
    output.error(`stopped with ${left} left: ${summary.stoppedBy.message}; the same command continues`);
    return exitCodes.failed;
  }
  if (failed > 0 && output.mode === 'quiet') output.error(`${count(failed, 'file')} failed`);
  return failed > 0 ? exitCodes.failed : exitCodes.ok;
}
