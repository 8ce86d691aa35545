import type { Clock, PgBoss } from 'pg-boss';
import type { QueueHandlers } from '../handlers.js';
import type { BusObserver, RetryPolicy } from '../port.js';
import type { NewJob } from './jobs.js';

/** What takes the jobs of a bus to its handlers. */
export interface Consumers {
  /** Stores jobs, and lets the handlers of their queues have them. Rejects when they are not stored. */
  publish(jobs: readonly NewJob[]): Promise<void>;
  start(queue: string, handlers: QueueHandlers, concurrency: number): Promise<void>;
  /** Looks for jobs that became due or were replayed. */
  wake(queue: string): void;
  /** Resolves when the ends of jobs are stored, as far as they can be. */
  settled(): Promise<void>;
  /** Takes nothing more, and waits at most `milliseconds` for the running handlers. */
  drain(milliseconds: number): Promise<void>;
  /** Drains, aborts the handlers that still run, gives their jobs back, and stops pg-boss. */
  close(milliseconds: number): Promise<void>;
}

export interface ConsumersOptions {
  boss: PgBoss;
  retry: RetryPolicy;
  observer: BusObserver;
  /** Between two polls while events are announced: for an announcement that is lost, and for what other processes store. */
  pollSeconds: number;
  heartbeatSeconds: number;
  clock: Clock;
}

/** A wake just before the event is due would find nothing, and the event would wait for the next poll. */
export const WAKE_MARGIN_MS = 500;

/** When an event that fails for the `failures`th time is due at the latest: the upper end of pg-boss's jitter. */
export function latestRetryMs(failures: number, { baseDelaySeconds, maxDelaySeconds }: RetryPolicy): number {
  const seconds = Math.max(baseDelaySeconds, 1) * 2 ** Math.min(16, failures);
  return Math.min(seconds, maxDelaySeconds) * 1000 + WAKE_MARGIN_MS;
}

/** Timers that do not keep the process running, and end together. */
export class Wakes {
  readonly #timers = new Set<NodeJS.Timeout>();

  in(ms: number, wake: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      wake();
    }, ms);
    this.#timers.add(timer.unref());
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
