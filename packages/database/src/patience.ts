import pRetry from 'p-retry';

export interface Patience {
  /** How long to go on trying, in milliseconds; a minute if not given. */
  patienceMs?: number | undefined;
  /** Told, in words, why the attempt is repeated. */
  onWaiting?: ((reason: string) => void) | undefined;
}

/** An error in words that fit a line. Node's error for a host with several addresses has a code and parts, but no message. */
export function reasonOf(error: unknown): string {
  const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
  return String(message || code || error);
}

/**
 * Repeats an attempt at a server that may still be starting, with growing pauses of up to 2 s, and throws its last error once
 * patience is over, or at once what `isPassing` says no time will mend. For the start of a process. The attempt must throw an
 * Error; a TypeError counts as a mistake in the attempt.
 */
export function patiently<T>(
  attempt: () => Promise<T>,
  { patienceMs = 60_000, onWaiting }: Patience = {},
  isPassing: (error: Error) => boolean = () => true,
): Promise<T> {
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    maxRetryTime: patienceMs,
    minTimeout: 100,
    maxTimeout: 2000,
    shouldRetry: ({ error }) => {
      if (!isPassing(error)) return false;
      onWaiting?.(error.message);
      return true;
    },
  });
}
