import pTimeout from 'p-timeout';
import type { QueueHandlers } from '../handlers.js';
import { type Consumers, type ConsumersOptions, latestRetryMs, WAKE_MARGIN_MS, Wakes } from './consumers.js';
import { insertJobs, type NewJob, queuesWithDueJobs, touchJobs } from './jobs.js';
import { Settlements } from './settlements.js';
import { Subscription, type TakenEvent } from './subscription.js';

const CLOSED = 'Error: the process was closed while it handled the event';

/**
 * The consumers of the only process on the bus. What it publishes is handed to its handlers without being fetched, and what they have done is
 * deleted for all queues together. pg-boss keeps the jobs, and delivers again what failed.
 */
export class ExclusiveConsumers implements Consumers {
  readonly #options: ConsumersOptions;
  readonly #subscriptions: Subscription[] = [];
  readonly #settlements: Settlements;
  readonly #wakes = new Wakes();
  readonly #stopTimers: (() => void)[] = [];
  #draining: Promise<void> | undefined;

  constructor(options: ConsumersOptions) {
    const { boss, observer, retry } = options;
    this.#options = options;
    this.#settlements = new Settlements({
      boss,
      observer,
      onFailed: ({ queue, retryCount }) =>
        this.#wakes.in(latestRetryMs(retryCount + 1, retry), () => this.wake(queue)),
      onPostponed: ({ queue }, seconds) =>
        this.#wakes.in(seconds * 1000 + WAKE_MARGIN_MS, () => this.wake(queue)),
    });
    // What a predecessor gave back when it closed is not due yet.
    this.#wakes.in(latestRetryMs(1, retry), () => this.#poll());
    this.#every(options.pollSeconds, () => this.#poll());
    this.#every(options.heartbeatSeconds / 2, () => this.#touch());
  }

  async publish(jobs: readonly NewJob[]): Promise<void> {
    const taken = new Set<string>();
    const left = ({ queue }: Subscription) => jobs.filter((job) => job.queue === queue && !taken.has(job.id));
    const calls = this.#subscriptions.flatMap((subscription) =>
      subscription.reserve(left(subscription)).map((events) => {
        for (const { id } of events) taken.add(id);
        return { subscription, events };
      }),
    );
    const stored = insertJobs(this.#options.boss, jobs, taken);
    for (const { subscription, events } of calls) subscription.handOver(events, stored);
    await stored;
    for (const subscription of this.#subscriptions)
      subscription.expect(left(subscription).map(({ id }) => id));
  }

  async start(queue: string, handlers: QueueHandlers, concurrency: number): Promise<void> {
    if (this.#draining) throw new Error('the bus takes no more events');
    const { boss, observer, retry } = this.#options;
    const subscription = new Subscription({
      boss,
      queue,
      handlers,
      concurrency,
      maxAttempts: retry.maxAttempts,
      settlements: this.#settlements,
      observer,
      wakeIn: (ms) => this.#wakes.in(ms, () => subscription.wake()),
    });
    this.#subscriptions.push(subscription);
    subscription.wake();
  }

  wake(queue: string): void {
    for (const subscription of this.#subscriptions) if (subscription.queue === queue) subscription.wake();
  }

  settled(): Promise<void> {
    return this.#settlements.flush();
  }

  drain(milliseconds: number): Promise<void> {
    const drainAll = async () => {
      const drained = Promise.all(this.#subscriptions.map((subscription) => subscription.drain()));
      await pTimeout(drained, { milliseconds, message: false });
      await this.#settlements.flush();
    };
    this.#draining ??= drainAll();
    return this.#draining;
  }

  async close(milliseconds: number): Promise<void> {
    this.#wakes.stop();
    for (const stop of this.#stopTimers.splice(0)) stop();
    await this.drain(milliseconds);
    const running = this.#taken();
    // Before the handlers are told, so that nothing they do then settles the jobs.
    for (const event of running) this.#settlements.failed(event, CLOSED);
    await this.#settlements.close();
    for (const { abort } of running) abort.abort();
    await this.#options.boss.stop({ graceful: true, close: true, timeout: milliseconds });
  }

  #taken(): TakenEvent[] {
    return this.#subscriptions.flatMap(({ taken }) => taken);
  }

  /** Says that handlers that take long are still running. What pg-boss has taken away meanwhile is aborted. */
  async #touch(): Promise<void> {
    const { boss, observer } = this.#options;
    const running = this.#taken();
    if (running.length === 0) return;
    try {
      const touched = await touchJobs(boss, running);
      for (const { id, abort } of running) if (!touched.has(id)) abort.abort();
    } catch (error) {
      observer.fault?.(error);
    }
  }

  /** Looks for jobs that no wake has announced. */
  async #poll(): Promise<void> {
    const { boss, observer } = this.#options;
    const queues = this.#subscriptions.map(({ queue }) => queue);
    if (queues.length === 0 || this.#draining) return;
    try {
      for (const queue of await queuesWithDueJobs(boss, queues)) this.wake(queue);
    } catch (error) {
      observer.fault?.(error);
    }
  }

  #every(seconds: number, act: () => Promise<void>): void {
    const { clock } = this.#options;
    const timer = clock.setInterval(act, seconds * 1000);
    this.#stopTimers.push(() => clock.clearInterval(timer));
  }
}
