import type { RetryPolicy } from '../port.js';

/** The least time between the `failures`th failure and the next delivery. */
export function delaySeconds(failures: number, { baseDelaySeconds, maxDelaySeconds }: RetryPolicy): number {
  return Math.min(baseDelaySeconds * 2 ** (failures - 1), maxDelaySeconds);
}

/** Every delay that the policy knows, each once: there is a queue for each, and all queues share them. */
export function delaysOf(policy: RetryPolicy): number[] {
  const retries = Math.max(policy.maxAttempts - 1, 0);
  return [...new Set(Array.from({ length: retries }, (_, index) => delaySeconds(index + 1, policy)))];
}

/**
 * The delay in milliseconds, with jitter: up to twice as long, within the policy's longest. `luck` is between 0 and 1. Events leave
 * a retry queue in the order in which they came, so one may wait for another one of the same queue; that keeps within the
 * same bounds.
 */
export function jitteredMs(seconds: number, { maxDelaySeconds }: RetryPolicy, luck: number): number {
  return Math.round(Math.min(seconds * (1 + luck), Math.max(seconds, maxDelaySeconds)) * 1000);
}
