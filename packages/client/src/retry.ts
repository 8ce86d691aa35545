import { setTimeout } from 'node:timers/promises';
import pRetry from 'p-retry';
import { ApiError, NetworkError } from './errors.js';

export interface RetryPolicy {
  /** Attempts after the first. */
  retries: number;
  minDelayMs: number;
  maxDelayMs: number;
  /** A request fails if the node asks for a longer wait than this. */
  maxRetryAfterMs: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  retries: 5,
  minDelayMs: 500,
  maxDelayMs: 15_000,
  maxRetryAfterMs: 60_000,
};

const TRANSIENT_STATUSES = new Set([408, 429, 502, 503, 504]);

/** Returns whether the same request may succeed a little later. A full disk (507) stays full. */
export function isTransient(error: unknown): boolean {
  if (error instanceof NetworkError) return true;
  return error instanceof ApiError && TRANSIENT_STATUSES.has(error.status);
}

/** Repeats `attempt` with growing, jittered delays, and never before the time of a `Retry-After`. */
export function retrying<T>(
  attempt: () => Promise<T>,
  policy: RetryPolicy,
  signal?: AbortSignal,
  isRetryable: (error: unknown) => boolean = isTransient,
): Promise<T> {
  return pRetry(attempt, {
    retries: policy.retries,
    minTimeout: policy.minDelayMs,
    maxTimeout: policy.maxDelayMs,
    randomize: true,
    ...(signal === undefined ? {} : { signal }),
    shouldRetry: async ({ error, retryDelay }) => {
      if (!isRetryable(error)) return false;
      const asked = (error instanceof ApiError ? (error.retryAfter ?? 0) : 0) * 1000;
      if (asked > policy.maxRetryAfterMs) return false;
      if (asked > retryDelay) await sleep(asked - retryDelay, signal);
      return true;
    },
  });
}

/** Resolves after `ms`. Rejects with the reason of the signal when it is aborted before. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => signal?.throwIfAborted());
}
