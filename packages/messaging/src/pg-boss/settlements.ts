import type { PgBoss } from 'pg-boss';
import type { BusObserver } from '../port.js';
import { deleteDoneJobs, postponeJobs, type TakenJob } from './jobs.js';

/** How long the ends of jobs wait to be stored together. */
const STORE_MS = 250;
const RETRY_MS = 1000;

interface Failure {
  job: TakenJob;
  /** The reason of a dead letter. */
  message: string;
}

export interface SettlementsOptions {
  boss: PgBoss;
  observer: BusObserver;
  /** Called when a failure is stored: the job is due again later, or is a dead letter. */
  onFailed(job: TakenJob): void;
  /** Called when it is stored that a job is due again after that time. */
  onPostponed(job: TakenJob, seconds: number): void;
}

/**
 * Stores how the jobs of an exclusive process ended: those that are done together, of all queues, in one statement. What cannot be stored
 * is tried again. A job whose end is not stored when the process ends is handled again, as handlers must be able to stand.
 */
export class Settlements {
  readonly #options: SettlementsOptions;
  #done: TakenJob[] = [];
  #failed: Failure[] = [];
  #postponed: { job: TakenJob; seconds: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #storing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SettlementsOptions) {
    this.#options = options;
  }

  done(jobs: readonly TakenJob[]): void {
    this.#done.push(...jobs);
    this.#storeIn(STORE_MS);
  }

  failed(job: TakenJob, message: string): void {
    this.#failed.push({ job, message });
    this.#storeIn(STORE_MS);
  }

  /** The job comes again after that time, and this attempt does not count. */
  postponed(job: TakenJob, seconds: number): void {
    this.#postponed.push({ job, seconds });
    this.#storeIn(STORE_MS);
  }

  /** Stores what has ended so far. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#storing = this.#storing.then(() => this.#store());
    return this.#storing;
  }

  /** Stores what has ended so far, and nothing later: what was not stored in time is delivered again. */
  async close(): Promise<void> {
    await this.flush();
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #storeIn(ms: number): void {
    if (!this.#closed) this.#timer ??= setTimeout(() => this.flush(), ms).unref();
  }

  async #store(): Promise<void> {
    if (this.#closed) return;
    const { boss } = this.#options;
    const done = this.#done.splice(0);
    if (done.length > 0)
      await deleteDoneJobs(boss, done).catch((error: unknown) => {
        this.#done.unshift(...done);
        this.#tryAgain(error);
      });
    for (const [seconds, group] of Map.groupBy(this.#postponed.splice(0), (one) => one.seconds)) {
      const jobs = group.map(({ job }) => job);
      try {
        await postponeJobs(boss, jobs, seconds);
        for (const job of jobs) this.#options.onPostponed(job, seconds);
      } catch (error) {
        this.#postponed.push(...group);
        this.#tryAgain(error);
      }
    }
    for (const failures of groupedByReason(this.#failed.splice(0)).values()) {
      const [{ job, message }] = failures;
      const jobs = failures.map(({ job: { id, retryCount } }) => ({ id, retryCount }));
      try {
        await boss.fail(job.queue, jobs, { message });
        for (const failure of failures) this.#options.onFailed(failure.job);
      } catch (error) {
        this.#failed.push(...failures);
        this.#tryAgain(error);
      }
    }
  }

  #tryAgain(error: unknown): void {
    this.#options.observer.fault?.(error);
    this.#storeIn(RETRY_MS);
  }
}

/** Returns the failures of each queue that have the same reason. */
function groupedByReason(failures: readonly Failure[]): Map<string, [Failure, ...Failure[]]> {
  const groups = new Map<string, [Failure, ...Failure[]]>();
  for (const failure of failures) {
    const key = `${failure.job.queue} ${failure.message}`;
    const group = groups.get(key);
    if (group) group.push(failure);
    else groups.set(key, [failure]);
  }
  return groups;
}
