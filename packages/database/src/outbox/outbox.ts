import { type AnyEvent, type EventPayload, type EventType, eventSchemas } from '@lazyphotos/contracts';
import { type Chassis, currentRequestId, describeError } from '@lazyphotos/service-kit';
import { v7 } from 'uuid';
import type { Database, SqlRunner, TransactionRunner } from '../database.js';
import { OutboxRelay, type RelayOptions } from './relay.js';

/** Adds an event that is published if, and only if, the transaction commits. @throws ZodError for an invalid payload */
export type Emit = <T extends EventType>(type: T, payload: EventPayload<T>) => void;

export interface Outbox<Tx> {
  /** Commits changes together with their events. */
  unitOfWork: UnitOfWork<Tx>;
  /** Moves the events to the bus; the service starts and stops it. */
  relay: OutboxRelay;
}

export interface OutboxDeps {
  chassis: Pick<Chassis, 'name' | 'metrics' | 'logger'>;
  database: Database;
  bus: { publish: RelayOptions['publish'] };
}

export interface UnitOfWork<Tx> {
  /** Runs `work` in one transaction, stores the events that it emits in the outbox, and nudges the relay after the commit. */
  transaction<R>(work: (tx: Tx, emit: Emit) => Promise<R>): Promise<R>;
  /** Returns an event for a statement with `outboxRows`. @throws ZodError for an invalid payload */
  newEvent<T extends EventType>(type: T, payload: EventPayload<T>): NewEvent;
  /**
   * Publishes, without waiting for the next poll, the events that such a statement has stored: exactly those, after its commit. Without them
   * the relay reads what is stored.
   */
  nudge(stored?: readonly NewEvent[]): void;
}

/** An event that has been checked. */
export type NewEvent = AnyEvent;

/**
 * Returns the SQL that inserts the events of a parameter, for a statement that changes rows and stores the events of this change at once.
 * `source` is its FROM clause, with the parameter as a JSON array of `NewEvent`:
 *
 *     WITH changed AS (UPDATE … RETURNING …), events AS (outboxRows("FROM changed, jsonb_array_elements($2::jsonb) AS event")) …
 *
 * After the statement the caller nudges the relay with the events that it has stored.
 */
export const outboxRows = (source: string): string =>
  `INSERT INTO outbox_messages (id, type, occurred_at, request_id, payload)
  SELECT (event->>'id')::uuid, event->>'type', (event->>'occurredAt')::timestamptz, event->>'requestId', event->'payload' ${source}`;

const INSERT = outboxRows('FROM jsonb_array_elements($1::jsonb) AS event');
/** The largest JSON array of events that one statement stores, in characters, unless a single event is larger. */
const ARRAY_LENGTH = 1_000_000;

/** Returns the events as JSON arrays, each of limited length. */
function jsonArrays(events: readonly NewEvent[]): string[] {
  const arrays: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const text of events.map((event) => JSON.stringify(event))) {
    if (length + text.length > ARRAY_LENGTH) {
      arrays.push([]);
      length = 0;
    }
    arrays.at(-1)?.push(text);
    length += text.length;
  }
  return arrays.map((array) => `[${array.join()}]`);
}

/** Opens the outbox of a service: its committed events are published, counted, and retried after an error. */
export function openOutbox<Tx extends SqlRunner>(
  client: TransactionRunner<Tx>,
  { chassis, database, bus }: OutboxDeps,
): Outbox<Tx> {
  const { name: service, metrics, logger } = chassis;
  const relay = new OutboxRelay({
    pool: database.pool,
    publish: (events) => bus.publish(events),
    onPublished: (count) => metrics.eventsPublished.inc({ service }, count),
    onPending: (count, unreadable) => {
      metrics.outboxPending.set({ service }, count);
      metrics.outboxUnreadable.set({ service }, unreadable);
    },
    onError: (error) => logger.warn('the outbox relay will try again', { error: describeError(error) }),
  });
  const nudge = (stored?: readonly NewEvent[]) => relay.nudge(stored);
  return { relay, unitOfWork: createUnitOfWork<Tx>(client, { nudge, requestId: currentRequestId }) };
}

export function createUnitOfWork<Tx extends SqlRunner>(
  client: TransactionRunner<Tx>,
  { nudge, requestId }: { nudge: UnitOfWork<Tx>['nudge']; requestId: () => string | undefined },
): UnitOfWork<Tx> {
  return { transaction, newEvent, nudge };

  function newEvent<T extends EventType>(type: T, payload: EventPayload<T>): NewEvent {
    const occurredAt = new Date().toISOString();
    const checked = eventSchemas[type].parse(payload);
    return { id: v7(), type, occurredAt, requestId: requestId(), payload: checked } as NewEvent;
  }

  async function transaction<R>(work: (tx: Tx, emit: Emit) => Promise<R>): Promise<R> {
    let stored: NewEvent[] = [];
    let statements = 0;
    const result = await client.$transaction(async (tx) => {
      const events: NewEvent[] = [];
      const value = await work(tx, (type, payload) => {
        events.push(newEvent(type, payload));
      });
      const arrays = jsonArrays(events);
      for (const array of arrays) await tx.$executeRawUnsafe(INSERT, array);
      stored = events;
      statements = arrays.length;
      return value;
    });
    // What is too large for one statement is not handed over in memory: the relay reads it, in batches of limited size.
    if (stored.length > 0) nudge(statements === 1 ? stored : undefined);
    return result;
  }
}
