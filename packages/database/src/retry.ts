import pRetry from 'p-retry';

export interface RetryOptions {
  /** For how long to retry, in milliseconds; a minute if absent. */
  retryForMs?: number | undefined;
  /** Called before each retry with the reason, in words. */
  onWaiting?: ((reason: string) => void) | undefined;
}

/** Returns an error in words that fit a line. Node's error for a host with several addresses has a code, but no message. */
export function reasonOf(error: unknown): string {
  const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
  return String(message || code || error);
}

/**
 * Retries an attempt to use a server that may still be starting, with growing pauses of up to 2 s. Throws the last error when the time
 * is over, and at once an error that is not temporary. For the start of a process. The attempt must throw an Error; a TypeError counts
 * as a bug in the attempt and is not retried.
 */
export function retryUntilReady<T>(
  attempt: () => Promise<T>,
  { retryForMs = 60_000, onWaiting }: RetryOptions = {},
  isTemporary: (error: Error) => boolean = () => true,
): Promise<T> {
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    maxRetryTime: retryForMs,
    minTimeout: 100,
    maxTimeout: 2000,
    shouldRetry: ({ error }) => {
      if (!isTemporary(error)) return false;
      onWaiting?.(error.message);
      return true;
    },
  });
}
