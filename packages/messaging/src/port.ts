import type { AnyEvent } from '@lazyphotos/contracts';

export interface ConsumeOptions {
  /** How many events are handled at a time. */
  concurrency: number;
}

/**
 * Handles one event. Resolving settles it; throwing makes it come again later, with a growing delay, and after the last try
 * puts it among the dead letters. An event may come more than once and out of order: handlers are idempotent.
 */
export type EventHandler = (event: AnyEvent, delivery: Delivery) => Promise<void>;

export interface Delivery {
  /** From 1. */
  attempt: number;
  /** Aborted when the bus shuts down or the event is taken away from this consumer. */
  signal: AbortSignal;
}

export interface DeadLetter {
  event: unknown;
  /** The last failure, for people. */
  reason: string;
  failedAt: Date;
}

export interface QueueDepth {
  queue: string;
  /**
   * Waiting, being retried or being handled. A broker may not tell what other processes have in hand (RabbitMQ does not): then
   * only this process's events are among those being handled.
   */
  pending: number;
  deadLetters: number;
}

export interface RetryPolicy {
  /** Deliveries in all, the first one included. */
  maxAttempts: number;
  /** Before the second delivery; doubled for each further one, with jitter that makes it up to twice as long. */
  baseDelaySeconds: number;
  maxDelaySeconds: number;
}

/** Patient by default: the tenth and last delivery comes after about half an hour. */
export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 10,
  baseDelaySeconds: 2,
  maxDelaySeconds: 1800,
};

/**
 * Carries events between services, at least once. Every adapter is created with the whole topology (queue name to event
 * types) and declares it before its promise resolves, so that an event reaches queues whose consumer has not started yet.
 */
export interface EventBus {
  /** Resolves once every queue that wants them has the events for good. A repeat may be delivered again. */
  publish(events: readonly AnyEvent[]): Promise<void>;
  /** Starts to deliver a queue's events to `handler`. A queue may have consumers in several processes. */
  consume(queue: string, handler: EventHandler, options: ConsumeOptions): Promise<void>;
  /**
   * A row for each queue of the topology. A bus whose queues share the place where events wait for their next try has one more
   * row for that place; those events are then in no other row.
   */
  depths(): Promise<QueueDepth[]>;
  /** Reads up to `limit` of them; they stay where they are. */
  deadLetters(queue: string, limit: number): Promise<DeadLetter[]>;
  /** Puts the dead letters of a queue back into it, as new deliveries; returns how many. */
  replayDeadLetters(queue: string): Promise<number>;
  /** Rejects when the bus cannot be reached. */
  ready(): Promise<void>;
  /**
   * Takes no more events and waits for the handlers under way, but not for ever. Publishing goes on working, so that what the
   * handlers have committed can still go out.
   */
  drain(): Promise<void>;
  /** Stops taking events and waits for the handlers under way; what they do not finish in time is delivered again. */
  close(): Promise<void>;
}

/** What an adapter tells about each delivery, for metrics and logs. */
export interface BusObserver {
  settled?(queue: string, type: string, outcome: 'done' | 'retried' | 'dead_lettered', error?: unknown): void;
  fault?(error: unknown): void;
}
