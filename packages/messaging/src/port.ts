import type { AnyEvent, EventOf, EventType, Topology, topology } from '@lazyphotos/contracts';

export interface ConsumeOptions {
  /** How many calls of handlers run at a time. */
  concurrency: number;
  /**
   * Called for each event; `handle` runs its handler and rejects when the event fails. For the request scope and the log of an event.
   * An event of a batch shares its handler's call with others: `handle` then waits for the event's own result.
   */
  around?: (event: AnyEvent, handle: () => Promise<void>) => Promise<void>;
  /**
   * Returns whether an error means that something the handlers need (a database, a store, another service) is away. Such a failure says
   * nothing about the event: it does not count as an attempt, and the queue's consumer pauses, at most half a minute, until its handlers
   * work again. A failure of an event counts after all when it has failed often while others of its type succeeded in between. Without
   * `isOutage`, every failure counts.
   */
  isOutage?: (error: unknown) => boolean;
}

export interface Delivery {
  /** From 1. */
  attempt: number;
  /** Aborted when the bus shuts down or the event is taken away from this consumer. */
  signal: AbortSignal;
}

/**
 * Handles one event. When it resolves, the event is done. When it throws, the event is delivered again later, with a growing delay, and
 * becomes a dead letter after the last attempt, unless the error is an outage (`isOutage`). An event may come more than once and out of order: handlers are idempotent.
 */
export type EventHandler<T extends EventType> = (event: EventOf<T>, delivery: Delivery) => Promise<void>;

export interface EventDelivery<T extends EventType> extends Delivery {
  event: EventOf<T>;
}

export type EventResult = 'done' | { error: unknown };

/** The same, and whether an outage is why it failed. */
export type HandlerResult = 'done' | { error: unknown; isOutage: boolean };

/** What became of a delivery. `postponed`: an outage made it fail; it comes again, and this attempt does not count. */
export type Outcome = 'done' | 'retried' | 'dead_lettered' | 'postponed';

/**
 * Handles up to `batch` events in one call: those that are waiting when a call can start, so one alone does not wait for others.
 * Resolves to one result for each event, in their order; only the events with an error are delivered again. When it throws, all are.
 * An event that has failed before comes alone, in an outage after some failures together with others.
 */
export interface BatchHandler<T extends EventType> {
  batch: number;
  handle(
    deliveries: readonly EventDelivery<T>[],
    isOutage: (error: unknown) => boolean,
  ): Promise<readonly EventResult[]>;
}

/** One handler for each event type of a queue, no more and no less. */
export type EventHandlers<T extends EventType> = { [K in T]: EventHandler<K> | BatchHandler<K> };

export interface DeadLetter {
  event: unknown;
  /** The last failure, for people. */
  reason: string;
  failedAt: Date;
}

export interface QueueDepth {
  queue: string;
  /**
   * Events that wait, are retried or are being handled. A broker may not know which events other processes handle (RabbitMQ does
   * not): then only those that this process handles are counted.
   */
  pending: number;
  deadLetters: number;
}

export interface RetryPolicy {
  /** Deliveries in all, the first one included. */
  maxAttempts: number;
  /** Before the second delivery; doubled for each later one. Jitter makes it up to twice as long. */
  baseDelaySeconds: number;
  maxDelaySeconds: number;
}

/** The tenth and last delivery comes after about half an hour. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  maxAttempts: 10,
  baseDelaySeconds: 2,
  maxDelaySeconds: 1800,
};

/** Returns the shortest time between the `failures`th failure and the next delivery. */
export function delaySeconds(failures: number, { baseDelaySeconds, maxDelaySeconds }: RetryPolicy): number {
  return Math.min(baseDelaySeconds * 2 ** (failures - 1), maxDelaySeconds);
}

export interface BusOptions<T extends Topology = typeof topology> {
  /** RabbitMQ (`amqp://`, `amqps://`), or a PostgreSQL database of its own (`postgresql://`, `postgres://`). */
  url: string;
  topology: T;
  /**
   * False for a user of the broker that may not make queues: the bus then only looks whether what provisioning has made is there. Means
   * nothing on PostgreSQL, whose queues belong to the bus's own database. True if absent.
   */
  declares?: boolean;
  /** What the broker shows as the name of the connections. */
  name?: string;
  retry?: RetryPolicy;
  observer?: BusObserver;
  /** How long `drain` and `close` wait for the running handlers. */
  drainMs?: number;
}

/**
 * Carries events between services, at least once. Every adapter is created with the whole topology (queue name to event
 * types) and declares it before its promise resolves, so that an event reaches queues whose consumer has not started yet.
 */
export interface EventBus<T extends Topology = typeof topology> {
  /** Resolves once every queue that delivers such events has stored them. A repeat may be delivered again. */
  publish(events: readonly AnyEvent[]): Promise<void>;
  /**
   * Starts to deliver a queue's events. A queue may have consumers in several processes. An event whose type has no handler (a newer
   * process has published it, for example) fails like an event whose handler throws.
   * @throws before anything is consumed, when `handlers` are not exactly those of the queue's event types
   */
  consume<Q extends keyof T & string>(
    queue: Q,
    handlers: EventHandlers<T[Q][number]>,
    options: ConsumeOptions,
  ): Promise<void>;
  /**
   * Returns a row for each queue of the topology. A bus whose queues share the place where events wait for their next attempt has one
   * more row for that place; those events are then in no other row.
   */
  depths(): Promise<QueueDepth[]>;
  /** Reads up to `limit` of them; they stay where they are. */
  deadLetters(queue: string, limit: number): Promise<DeadLetter[]>;
  /** Puts the dead letters of a queue back into it, as new deliveries. Resolves to their number. */
  replayDeadLetters(queue: string): Promise<number>;
  /** Rejects when the bus cannot be reached. */
  ready(): Promise<void>;
  /** Takes no more events and waits for the running handlers, for a limited time. Publishing continues: handlers may need it. */
  drain(): Promise<void>;
  /** Takes no more events and waits for the running handlers; what they do not finish in time is delivered again. */
  close(): Promise<void>;
}

/** Receives the outcome of each delivery and the faults of the connection, for metrics and logs. */
export interface BusObserver {
  settled?(queue: string, type: string, outcome: Outcome, error?: unknown): void;
  fault?(error: unknown): void;
}

/** The broker cannot be reached, or accepts nothing at the moment. Nothing was stored: the publisher must try again. */
export class BusUnavailableError extends Error {
  override name = 'BusUnavailableError';
}

/**
 * The broker has one of our queues or exchanges with other properties, has none where provisioning should have made it, or does not allow
 * us to make it. An operator must act.
 */
export class TopologyRefusedError extends Error {
  override name = 'TopologyRefusedError';
}
