import type { AnyEvent } from '@lazyphotos/contracts';
import type { JobWithMetadata, PgBoss } from 'pg-boss';
import { type QueueHandlers, type Received, readContent } from '../handlers.js';
import type { BusObserver, HandlerResult } from '../port.js';
import { reasonOf } from '../text.js';
import { Backlog } from './backlog.js';
import { giveBackJobs, type NewJob, oldestFirst, type TakenJob } from './jobs.js';
import type { Settlements } from './settlements.js';

const FETCH_AGAIN_MS = 1000;

/** An event that this process has taken and whose handler has not ended. */
export interface TakenEvent extends Received, TakenJob {
  type: string;
  isLastAttempt: boolean;
  abort: AbortController;
}

export interface SubscriptionOptions {
  boss: PgBoss;
  queue: string;
  handlers: QueueHandlers;
  /** Calls of handlers at a time. */
  concurrency: number;
  /** The deliveries of an event that fails each time. */
  maxAttempts: number;
  settlements: Settlements;
  observer: BusObserver;
  wakeIn(ms: number): void;
}

/**
 * The handlers of a queue in an exclusive process. An event that is published while a call can start, and nothing waits before it, is handed
 * over: it is stored as taken, and its handler starts as soon as it is stored. All others are fetched when a call has ended.
 */
export class Subscription {
  readonly queue: string;
  readonly #options: SubscriptionOptions;
  readonly #backlog = new Backlog();
  /** Fetched, not given to a handler yet. */
  #waiting: TakenEvent[] = [];
  readonly #taken = new Set<TakenEvent>();
  readonly #calls = new Set<Promise<void>>();
  #fetching: Promise<void> | undefined;
  #stopped = false;
  readonly #stopPauses = new AbortController();

  constructor(options: SubscriptionOptions) {
    this.queue = options.queue;
    this.#options = options;
  }

  /** The events that are marked as taken in the table. */
  get taken(): readonly TakenEvent[] {
    return [...this.#waiting, ...this.#taken];
  }

  /** Returns the calls that can start now. The caller stores their jobs as taken, and calls `handOver` for each in the same turn. */
  reserve(jobs: readonly NewJob[]): TakenEvent[][] {
    if (this.#stopped || this.#fetching || this.#waiting.length > 0 || this.#backlog.mayHaveMore) return [];
    const { handlers, concurrency } = this.#options;
    const free = concurrency - this.#calls.size;
    const waiting = jobs.slice(0, free * handlers.largestBatch).map((job) => this.#published(job));
    const calls: TakenEvent[][] = [];
    while (waiting.length > 0 && calls.length < free) calls.push(handlers.takeNext(waiting));
    return calls;
  }

  /** Calls the handler when the jobs of the events are stored. */
  handOver(events: readonly TakenEvent[], stored: Promise<void>): void {
    this.#call(events, stored);
  }

  /** Fetches jobs that have been stored, when a call can take them. */
  expect(ids: readonly string[]): void {
    this.#backlog.expect(ids);
    this.#fill();
  }

  /** Looks for jobs that others have stored, or that have become due. */
  wake(): void {
    this.#backlog.expectOthers();
    this.#fill();
  }

  /** Takes nothing more, gives back what no handler was given, and waits for the handlers that run. */
  async drain(): Promise<void> {
    this.#stopped = true;
    this.#stopPauses.abort();
    await this.#fetching;
    await Promise.all([this.#giveBack(this.#waiting.splice(0)), ...this.#calls]);
  }

  #fill(): void {
    const { concurrency, handlers } = this.#options;
    if (this.#stopped) return;
    // What was taken away meanwhile comes again.
    this.#waiting = this.#waiting.filter(({ signal }) => !signal.aborted);
    while (this.#waiting.length > 0 && this.#calls.size < concurrency)
      this.#call(handlers.takeNext(this.#waiting));
    if (this.#calls.size >= concurrency || !this.#backlog.mayHaveMore) return;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
      this.#fill();
    });
  }

  async #fetch(): Promise<void> {
    const { boss, queue, handlers, concurrency, observer, wakeIn } = this.#options;
    const size = handlers.largestBatch * (concurrency - this.#calls.size);
    try {
      const jobs = await this.#backlog.fetch(size, () =>
        boss.fetch<object>(queue, { batchSize: size, includeMetadata: true }),
      );
      this.#waiting.push(...oldestFirst(jobs).map((job) => this.#fetched(job)));
    } catch (error) {
      observer.fault?.(error);
      wakeIn(FETCH_AGAIN_MS);
    }
  }

  #call(events: readonly TakenEvent[], stored?: Promise<void>): void {
    const handled = this.#handle(events, stored).finally(() => {
      for (const event of events) this.#taken.delete(event);
    });
    const call = handled
      .then(() => this.#options.handlers.pause.wait(this.#stopPauses.signal))
      .finally(() => {
        this.#calls.delete(call);
        this.#fill();
      });
    this.#calls.add(call);
  }

  async #handle(events: readonly TakenEvent[], stored?: Promise<void>): Promise<void> {
    const { handlers, settlements } = this.#options;
    try {
      await stored;
    } catch {
      // The publisher knows, and tries again. Should they be stored in spite of the error, nobody handles them.
      settlements.done(events);
      return;
    }
    if (this.#stopped && stored) return this.#giveBack(events);
    for (const event of events) this.#taken.add(event);
    const results = await handlers.handle(events);
    for (const [index, result] of results.entries()) this.#settle(events[index] as TakenEvent, result);
    if (handlers.pause.isOn)
      for (const event of this.#waiting.splice(0)) settlements.postponed(event, handlers.pause.delaySeconds);
    // An event that ends its process is handled again and again, and others beside it must not share its failures for long.
    if (events.some(({ attempt }) => attempt > 1) || results.some((result) => result !== 'done'))
      await settlements.flush();
  }

  #settle(event: TakenEvent, result: HandlerResult): void {
    const { observer, settlements, handlers } = this.#options;
    if (result === 'done') {
      observer.settled?.(this.queue, event.type, 'done');
      settlements.done([event]);
      return;
    }
    if (result.isOutage) {
      observer.settled?.(this.queue, event.type, 'postponed', result.error);
      settlements.postponed(event, handlers.pause.delaySeconds);
      return;
    }
    const outcome = event.isLastAttempt ? 'dead_lettered' : 'retried';
    observer.settled?.(this.queue, event.type, outcome, result.error);
    settlements.failed(event, reasonOf(result.error));
  }

  /** What no handler was given does not count as failed. */
  async #giveBack(events: readonly TakenEvent[]): Promise<void> {
    const { boss, observer } = this.#options;
    if (events.length > 0)
      await giveBackJobs(boss, events).catch((error: unknown) => observer.fault?.(error));
  }

  #published({ id, data }: NewJob): TakenEvent {
    const retryLimit = this.#options.maxAttempts - 1;
    return this.#take({ id, retryCount: 0, retryLimit }, data.type, { event: copyOf(data) });
  }

  #fetched(job: JobWithMetadata<object>): TakenEvent {
    const { type } = job.data as { type?: unknown };
    const content = readContent(() => job.data);
    return this.#take(job, String(type), content);
  }

  #take(
    { id, retryCount, retryLimit }: { id: string; retryCount: number; retryLimit: number },
    type: string,
    content: Received['content'],
  ): TakenEvent {
    const abort = new AbortController();
    return {
      id,
      queue: this.queue,
      retryCount,
      isLastAttempt: retryCount >= retryLimit,
      type,
      content,
      attempt: retryCount + 1,
      abort,
      signal: abort.signal,
    };
  }
}

/** A handler gets what is stored, and no object of the publisher or of another handler. */
const copyOf = (event: AnyEvent): AnyEvent => JSON.parse(JSON.stringify(event));
