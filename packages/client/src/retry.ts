import pRetry from 'p-retry';
import { ApiError, NetworkError } from './errors.js';

export interface RetryPolicy {
  /** Attempts after the first. */
  retries: number;
  minDelayMs: number;
  maxDelayMs: number;
  /** A node that asks for a longer wait than this is not waited for. */
  maxRetryAfterMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  retries: 5,
  minDelayMs: 500,
  maxDelayMs: 15_000,
  maxRetryAfterMs: 60_000,
};

const TRANSIENT_STATUSES = new Set([429, 502, 503, 504]);

/** Whether the same request may well succeed a little later. A full disk answers 503 too, but does not empty itself. */
export function isTransient(error: unknown): boolean {
  if (error instanceof NetworkError) return true;
  return error instanceof ApiError && TRANSIENT_STATUSES.has(error.status) && error.code !== 'storage_full';
}

interface Retrying {
  policy: RetryPolicy;
  signal?: AbortSignal | undefined;
  /** Default: `isTransient`. */
  isRetryable?: (error: unknown) => boolean;
}

/** Repeats `attempt` with growing, jittered delays, never earlier than a `Retry-After` asks. */
export function retrying<T>(attempt: () => Promise<T>, options: Retrying): Promise<T> {
  const { policy, signal, isRetryable = isTransient } = options;
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

/** Resolves after `ms`; rejects with the signal's reason when it is aborted before. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
