import pTimeout from 'p-timeout';
import type { JobResult, JobWithMetadata, PgBoss } from 'pg-boss';
import { type QueueHandlers, type Received, readContent } from '../handlers.js';
import type { BusObserver, RetryPolicy } from '../port.js';
import { reasonOf } from '../text.js';

/** Between two polls while the server cannot announce events (LISTEN/NOTIFY). */
const POLL_SECONDS_WITHOUT_NOTIFY = 2;
/** A wake just before the event is due would find nothing, and the event would wait for the next poll. */
const WAKE_MARGIN_MS = 500;

type Job = JobWithMetadata<object>;

interface ReceivedJob extends Received {
  job: Job;
}

/** When an event that fails for the `failures`th time is due at the latest: the upper end of pg-boss's jitter. */
function latestRetryMs(failures: number, { baseDelaySeconds, maxDelaySeconds }: RetryPolicy): number {
  const seconds = Math.max(baseDelaySeconds, 1) * 2 ** Math.min(16, failures);
  return Math.min(seconds, maxDelaySeconds) * 1000 + WAKE_MARGIN_MS;
}

export interface ConsumersOptions {
  boss: PgBoss;
  retry: RetryPolicy;
  observer: BusObserver;
  /** Between two polls while the server announces events: for an announcement that is lost. */
  pollSeconds: number;
}

/**
 * The workers of one bus. pg-boss wakes a worker for a new event only. An event that waits behind another one, a retry that has
 * become due and a replayed dead letter would wait for the next poll: the wakes here are for those.
 */
export class Consumers {
  readonly #options: ConsumersOptions;
  readonly #workers: { queue: string; id: string }[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: ConsumersOptions) {
    this.#options = options;
  }

  /** Starts one worker for each call of a handler that may run at a time. */
  async start(queue: string, handlers: QueueHandlers, concurrency: number): Promise<void> {
    for (let count = 0; count < concurrency; count += 1) await this.#startWorker(queue, handlers);
    // What a predecessor gave back when it closed is not due yet.
    this.#wakeIn(queue, latestRetryMs(1, this.#options.retry));
  }

  wake(queue: string): void {
    for (const worker of this.#workers)
      if (worker.queue === queue) this.#options.boss.notifyWorker(worker.id);
  }

  /** Stops the workers when their handlers have ended, or stops waiting for them. */
  async drain(milliseconds: number): Promise<void> {
    const queues = new Set(this.#workers.splice(0).map((worker) => worker.queue));
    const done = Promise.all([...queues].map((queue) => this.#options.boss.offWork(queue, { wait: true })));
    await pTimeout(done, { milliseconds, message: false });
  }

  stopWakes(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #wakeIn(queue: string, ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.wake(queue);
    }, ms);
    this.#timers.add(timer.unref());
  }

  async #startWorker(queue: string, handlers: QueueHandlers): Promise<void> {
    const { boss, pollSeconds } = this.#options;
    const options = {
      batchSize: handlers.largestBatch,
      includeMetadata: true,
      perJobResults: true,
      pollingIntervalSeconds: Math.min(POLL_SECONDS_WITHOUT_NOTIFY, pollSeconds),
      notifyPollingIntervalSeconds: pollSeconds,
    } as const;
    let id = '';
    id = await boss.work(queue, options, (jobs: Job[]) =>
      // Looks for the next event as soon as these are settled.
      this.#handleJobs(queue, handlers, jobs).finally(() => boss.notifyWorker(id)),
    );
    this.#workers.push({ queue, id });
  }

  /** Handles what one fetch has returned, batch after batch: a worker stands for one call of a handler at a time. */
  async #handleJobs(queue: string, handlers: QueueHandlers, jobs: readonly Job[]): Promise<JobResult[]> {
    const waiting: ReceivedJob[] = jobs.map((job) => ({
      job,
      content: readContent(() => job.data),
      attempt: job.retryCount + 1,
      signal: job.signal,
    }));
    const settled: JobResult[] = [];
    while (waiting.length > 0) {
      const batch = handlers.takeNext(waiting);
      const results = await handlers.handle(batch);
      for (const [index, result] of results.entries()) {
        const { job } = batch[index] as ReceivedJob;
        settled.push(this.#resultOf(queue, job, result === 'done' ? undefined : result));
      }
    }
    return settled;
  }

  #resultOf(queue: string, job: Job, failure: { error: unknown } | undefined): JobResult {
    const { retry, observer } = this.#options;
    const type = String((job.data as { type?: unknown }).type);
    if (!failure) {
      observer.settled?.(queue, type, 'done');
      return { id: job.id, status: 'completed' };
    }
    const last = job.retryCount >= job.retryLimit;
    observer.settled?.(queue, type, last ? 'dead_lettered' : 'retried', failure.error);
    if (!last) this.#wakeIn(queue, latestRetryMs(job.retryCount + 1, retry));
    // The message of a failed job's output is the dead letter's reason.
    return { id: job.id, status: 'failed', output: { message: reasonOf(failure.error) } };
  }
}
