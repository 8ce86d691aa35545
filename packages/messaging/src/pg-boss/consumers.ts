import { setTimeout as sleep } from 'node:timers/promises';
import { parseEvent } from '@lazyphotos/contracts';
import type { JobWithMetadata, PgBoss } from 'pg-boss';
import type { BusObserver, EventHandler, RetryPolicy } from '../port.js';

/** Between two looks for events while the server cannot tell of them (LISTEN/NOTIFY). */
const POLL_SECONDS_UNTOLD = 2;
/** A wake that comes a moment before the event is due would find nothing, and the next poll brings the event. */
const WAKE_MARGIN_MS = 500;

type Job = JobWithMetadata<object>;

const errorText = (error: unknown) =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** When an event that fails for the `failures`th time is due at the latest: the upper end of pg-boss's jitter. */
function latestRetryMs(failures: number, { baseDelaySeconds, maxDelaySeconds }: RetryPolicy): number {
  const seconds = Math.max(baseDelaySeconds, 1) * 2 ** Math.min(16, failures);
  return Math.min(seconds, maxDelaySeconds) * 1000 + WAKE_MARGIN_MS;
}

export interface ConsumersOptions {
  boss: PgBoss;
  retry: RetryPolicy;
  observer: BusObserver;
  /** Between two looks for events while the server tells of them: the net below the wakes. */
  pollSeconds: number;
}

/**
 * The workers of one bus. pg-boss wakes a worker for a new event only. An event that waits behind another one, a retry that has
 * become due and a replayed dead letter would wait for the next poll: the wakes here are for those.
 */
export function createConsumers({ boss, retry, observer, pollSeconds }: ConsumersOptions) {
  const workers: { queue: string; id: string }[] = [];
  const timers = new Set<NodeJS.Timeout>();

  const wake = (queue: string): void => {
    for (const worker of workers) if (worker.queue === queue) boss.notifyWorker(worker.id);
  };
  const wakeIn = (queue: string, ms: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      wake(queue);
    }, ms);
    timers.add(timer.unref());
  };

  const settle = async (queue: string, handler: EventHandler, job: Job): Promise<void> => {
    const type = String((job.data as { type?: unknown }).type);
    try {
      await handler(parseEvent(job.data), { attempt: job.retryCount + 1, signal: job.signal });
      observer.settled?.(queue, type, 'done');
    } catch (error) {
      const last = job.retryCount >= job.retryLimit;
      observer.settled?.(queue, type, last ? 'dead_lettered' : 'retried', error);
      if (!last) wakeIn(queue, latestRetryMs(job.retryCount + 1, retry));
      // pg-boss keeps the message of what is thrown as the job's output: the dead letter's reason.
      throw new Error(errorText(error), { cause: error });
    }
  };

  const startWorker = async (queue: string, handler: EventHandler): Promise<void> => {
    let id = '';
    id = await boss.work(
      queue,
      {
        batchSize: 1,
        includeMetadata: true,
        pollingIntervalSeconds: Math.min(POLL_SECONDS_UNTOLD, pollSeconds),
        notifyPollingIntervalSeconds: pollSeconds,
      },
      async ([job]: Job[]) => {
        // Looks for the next event as soon as this one is settled.
        if (job) await settle(queue, handler, job).finally(() => boss.notifyWorker(id));
      },
    );
    workers.push({ queue, id });
  };

  return {
    wake,
    /** One worker for each handler that may run at a time. */
    start: async (queue: string, handler: EventHandler, concurrency: number): Promise<void> => {
      for (let count = 0; count < concurrency; count += 1) await startWorker(queue, handler);
      // What a predecessor gave back when it closed is not due yet.
      wakeIn(queue, latestRetryMs(1, retry));
    },
    /** Ends the workers after the events that they have in hand, or gives up waiting for them. */
    drain: async (patienceMs: number): Promise<void> => {
      const queues = new Set(workers.splice(0).map((worker) => worker.queue));
      const done = Promise.all([...queues].map((queue) => boss.offWork(queue, { wait: true })));
      const patience = new AbortController();
      await Promise.race([done, sleep(patienceMs, undefined, { signal: patience.signal, ref: false })]);
      patience.abort();
    },
    stopWakes: (): void => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
