import pTimeout from 'p-timeout';
import type { JobResult, JobWithMetadata } from 'pg-boss';
import { type QueueHandlers, type Received, readContent } from '../handlers.js';
import type { HandlerResult } from '../port.js';
import { reasonOf } from '../text.js';
import { type Consumers, type ConsumersOptions, latestRetryMs, WAKE_MARGIN_MS, Wakes } from './consumers.js';
import { announceJobs, type NewJob, oldestFirst, postponeJobs } from './jobs.js';

/** Between two polls while the server cannot announce events (LISTEN/NOTIFY). */
const POLL_SECONDS_WITHOUT_NOTIFY = 2;

type Job = JobWithMetadata<object>;

interface ReceivedJob extends Received {
  job: Job;
}

interface Worker {
  id: string;
  isBusy: boolean;
}

interface Workers {
  batch: number;
  /** The one that was woken last is the last. */
  all: Worker[];
}

/**
 * The consumers of a process that shares the bus with others: workers of pg-boss. It wakes all workers of a queue for a new event, and only
 * for that. An event that waits behind another one, a retry that has become due and a replayed dead letter would wait for the next poll: the
 * other wakes are for those.
 */
export class WorkerConsumers implements Consumers {
  readonly #options: ConsumersOptions;
  readonly #queues = new Map<string, Workers>();
  readonly #wakes = new Wakes();
  readonly #stopPauses = new AbortController();

  constructor(options: ConsumersOptions) {
    this.#options = options;
  }

  publish(jobs: readonly NewJob[]): Promise<void> {
    return announceJobs(this.#options.boss, jobs);
  }

  /** Starts one worker for each call of a handler that may run at a time. */
  async start(queue: string, handlers: QueueHandlers, concurrency: number): Promise<void> {
    const workers: Workers = this.#queues.get(queue) ?? { batch: handlers.largestBatch, all: [] };
    this.#queues.set(queue, workers);
    for (let count = 0; count < concurrency; count += 1) await this.#startWorker(queue, handlers, workers);
    // What a predecessor gave back when it closed is not due yet.
    this.#wakes.in(latestRetryMs(1, this.#options.retry), () => this.wake(queue));
  }

  wake(queue: string): void {
    const workers = this.#queues.get(queue);
    if (workers) this.#wakeOne(workers);
  }

  /** pg-boss stores the end of a job before it fetches the next. */
  async settled(): Promise<void> {}

  /** Stops the workers when their handlers have ended, or stops waiting for them. */
  async drain(milliseconds: number): Promise<void> {
    this.#stopPauses.abort();
    const queues = [...this.#queues.keys()];
    this.#queues.clear();
    const done = Promise.all(queues.map((queue) => this.#options.boss.offWork(queue, { wait: true })));
    await pTimeout(done, { milliseconds, message: false });
  }

  async close(milliseconds: number): Promise<void> {
    this.#wakes.stop();
    // Stops the workers now: pg-boss stops other things first. It aborts handlers and gives their jobs back itself.
    const drained = this.drain(milliseconds);
    await this.#options.boss.stop({ graceful: true, close: true, timeout: milliseconds });
    await drained;
  }

  /** Wakes the idle worker that was woken longest ago. If all are busy, the first that becomes idle looks. */
  #wakeOne({ all }: Workers): void {
    const index = all.findIndex(({ isBusy }) => !isBusy);
    if (index < 0) return;
    const [worker] = all.splice(index, 1) as [Worker];
    all.push(worker);
    this.#options.boss.notifyWorker(worker.id);
  }

  async #startWorker(queue: string, handlers: QueueHandlers, workers: Workers): Promise<void> {
    const { boss, pollSeconds } = this.#options;
    const options = {
      batchSize: workers.batch,
      includeMetadata: true,
      perJobResults: true,
      pollingIntervalSeconds: Math.min(POLL_SECONDS_WITHOUT_NOTIFY, pollSeconds),
      notifyPollingIntervalSeconds: pollSeconds,
    } as const;
    const worker: Worker = { id: '', isBusy: false };
    workers.all.push(worker);
    worker.id = await boss.work(queue, options, async (jobs: Job[]) => {
      worker.isBusy = true;
      // There may be more.
      if (jobs.length >= workers.batch) this.#wakeOne(workers);
      try {
        return await this.#handleJobs(queue, handlers, jobs);
      } finally {
        worker.isBusy = false;
        // Looks for the next event as soon as these are settled.
        boss.notifyWorker(worker.id);
      }
    });
  }

  /** Handles what one fetch has returned, batch after batch: a worker stands for one call of a handler at a time. */
  async #handleJobs(queue: string, handlers: QueueHandlers, jobs: readonly Job[]): Promise<JobResult[]> {
    const waiting: ReceivedJob[] = oldestFirst(jobs).map((job) => ({
      job,
      content: readContent(() => job.data),
      attempt: job.retryCount + 1,
      signal: job.signal,
    }));
    const settled: JobResult[] = [];
    while (waiting.length > 0) {
      const batch = handlers.takeNext(waiting);
      const results = await handlers.handle(batch);
      settled.push(...(await this.#settle(queue, handlers, batch, results)));
      if (handlers.pause.isOn) {
        // pg-boss would take away, and count, what waits here for many pauses.
        const jobs = waiting.map(({ job }) => job);
        if (await this.#postpone(queue, jobs, handlers.pause.delaySeconds)) {
          waiting.length = 0;
          settled.push(...jobs.map(endedHere));
        }
      }
      await handlers.pause.wait(this.#stopPauses.signal);
    }
    return settled;
  }

  async #settle(
    queue: string,
    { pause }: QueueHandlers,
    batch: readonly ReceivedJob[],
    results: readonly HandlerResult[],
  ): Promise<JobResult[]> {
    const isAway = (result: HandlerResult | undefined) =>
      result !== undefined && result !== 'done' && result.isOutage;
    const away = batch.filter((_received, index) => isAway(results[index])).map(({ job }) => job);
    const arePostponed = await this.#postpone(queue, away, pause.delaySeconds);
    return results.map((result, index) => {
      const { job } = batch[index] as ReceivedJob;
      if (result === 'done' || !result.isOutage || !arePostponed) return this.#resultOf(queue, job, result);
      this.#options.observer.settled?.(queue, typeOf(job), 'postponed', result.error);
      return endedHere(job);
    });
  }

  /** Resolves to whether they are given back, to come again after that time. */
  async #postpone(queue: string, jobs: readonly Job[], seconds: number): Promise<boolean> {
    const { boss, observer } = this.#options;
    if (jobs.length === 0) return true;
    try {
      await postponeJobs(
        boss,
        jobs.map((job) => ({ ...job, queue })),
        seconds,
      );
    } catch (fault) {
      observer.fault?.(fault);
      return false;
    }
    this.#wakes.in(seconds * 1000 + WAKE_MARGIN_MS, () => this.wake(queue));
    return true;
  }

  #resultOf(queue: string, job: Job, result: HandlerResult): JobResult {
    const { retry, observer } = this.#options;
    const type = typeOf(job);
    if (result === 'done') {
      observer.settled?.(queue, type, 'done');
      return { id: job.id, status: 'completed' };
    }
    const last = job.retryCount >= job.retryLimit;
    observer.settled?.(queue, type, last ? 'dead_lettered' : 'retried', result.error);
    if (!last) this.#wakes.in(latestRetryMs(job.retryCount + 1, retry), () => this.wake(queue));
    // The message of a failed job's output is the dead letter's reason.
    return { id: job.id, status: 'failed', output: { message: reasonOf(result.error) } };
  }
}

/** For a job that was given back: it has another id now, so pg-boss changes nothing. */
const endedHere = ({ id }: Job): JobResult => ({ id, status: 'completed' });

const typeOf = (job: Job): string => String((job.data as { type?: unknown }).type);
