import {
  ApiError,
  hasCode,
  isTransient,
  NetworkError,
  SessionEndedError,
  sleep,
  UnexpectedResponseError,
} from '@lazyphotos/client';

/** What a failure means: this file failed, try it again, the node is perhaps away, or end the run. */
export type Verdict = 'fail' | 'retry' | 'outage' | 'stop';

export interface QueueOptions<T> {
  concurrency: number;
  /** Pauses before the second round, the third, …; their number limits the attempts. */
  pausesMs: readonly number[];
  signal: AbortSignal;
  work(item: T): Promise<void>;
  judge(error: unknown): Verdict;
  /** There is no further attempt for this item. */
  onFailed(item: T, error: unknown): void;
  onRetry?(items: number, error: unknown): void;
}

export interface QueueResult<T> {
  /** Why the run ended early: an interruption, or an error that concerns all files. */
  stoppedBy?: unknown;
  /** The items without a final outcome. */
  left: T[];
}

/** This many failures in a row mean that the node is away. */
const OUTAGE_PER_WORKER = 3;

/**
 * Processes the items, a few at a time. An item that fails for now is tried again after all the others, in more rounds with growing
 * pauses: one bad file never delays the others.
 */
export async function runQueue<T>(items: readonly T[], options: QueueOptions<T>): Promise<QueueResult<T>> {
  let pending = [...items];
  for (const [round, pause] of [0, ...options.pausesMs].entries()) {
    if (round > 0) {
      const jittered = pause * (0.75 + Math.random() / 2);
      const stopped = await sleep(jittered, options.signal).then(
        () => false,
        () => true,
      );
      if (stopped) break;
    }
    const result = await runRound(pending, { ...options, isLast: round === options.pausesMs.length });
    if ('stoppedBy' in result) return result;
    pending = result.left;
    if (pending.length === 0) return { left: [] };
  }
  return { stoppedBy: options.signal.reason, left: pending };
}

async function runRound<T>(
  items: readonly T[],
  options: QueueOptions<T> & { isLast: boolean },
): Promise<QueueResult<T>> {
  const { concurrency, signal, work, judge, onFailed, onRetry, isLast } = options;
  const failedForNow: T[] = [];
  const unfinished: T[] = [];
  let next = 0;
  let inARow = 0;
  let stop: { stoppedBy: unknown } | undefined;

  const settle = (item: T, error: unknown): void => {
    const verdict = judge(error);
    if (verdict === 'outage') inARow += 1;
    if (signal.aborted) {
      stop ??= { stoppedBy: signal.reason };
      unfinished.push(item);
    } else if (verdict === 'stop' || inARow >= OUTAGE_PER_WORKER * concurrency) {
      stop ??= { stoppedBy: error };
      unfinished.push(item);
    } else if (verdict === 'fail' || isLast) {
      onFailed(item, error);
    } else {
      failedForNow.push(item);
      onRetry?.(failedForNow.length, error);
    }
  };
  const worker = async (): Promise<void> => {
    while (next < items.length && stop === undefined) {
      if (signal.aborted) stop = { stoppedBy: signal.reason };
      else {
        const item = items[next++] as T;
        try {
          await work(item);
          inARow = 0;
        } catch (error) {
          settle(item, error);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const left = [...unfinished, ...failedForNow, ...items.slice(next)];
  return stop === undefined ? { left } : { ...stop, left };
}

/** Errors of this computer that may be temporary. */
const PASSING = new Set(['EIO', 'EMFILE', 'ENFILE', 'EBUSY', 'EAGAIN']);
/** Errors of the target disk that concern all files. */
const FATAL = new Set(['ENOSPC', 'EROFS', 'EDQUOT']);

/** Returns what a failed transfer means for its file and for the others. */
export function judgeTransfer(error: unknown): Verdict {
  if (error instanceof SessionEndedError || error instanceof UnexpectedResponseError) return 'stop';
  if (hasCode(error, 'storage_full', 'server_unclaimed', 'unauthenticated', 'redirected')) return 'stop';
  if (error instanceof NetworkError) return 'outage';
  if (isTransient(error)) return 'retry';
  if (error instanceof ApiError)
    return error.status >= 500 || error.status === 409 || error.code === 'not_ready' ? 'retry' : 'fail';
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'string' && FATAL.has(code)) return 'stop';
  return typeof code === 'string' && PASSING.has(code) ? 'retry' : 'fail';
}

/** The pauses before the second, third and fourth attempt. */
export const RETRY_PAUSES_MS = [1000, 5000, 15_000];
