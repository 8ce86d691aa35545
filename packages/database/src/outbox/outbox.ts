import { type EventPayload, type EventType, eventSchemas } from '@lazyphotos/contracts';
import { type Chassis, currentRequestId, describeError } from '@lazyphotos/service-kit';
import { v7 } from 'uuid';
import type { Database, SqlRunner, TransactionOptions, TransactionRunner } from '../database.js';
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
  transaction<R>(work: (tx: Tx, emit: Emit) => Promise<R>, options?: TransactionOptions): Promise<R>;
}

const INSERT = `INSERT INTO outbox_messages (id, type, occurred_at, request_id, payload)
  SELECT (m->>'id')::uuid, m->>'type', now(), $2, m->'payload' FROM jsonb_array_elements($1::jsonb) AS m`;

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
    onPending: (count) => metrics.outboxPending.set({ service }, count),
    onError: (error) => logger.warn('the outbox relay will try again', { error: describeError(error) }),
  });
  const nudge = () => relay.nudge();
  return { relay, unitOfWork: createUnitOfWork<Tx>(client, { nudge, requestId: currentRequestId }) };
}

export function createUnitOfWork<Tx extends SqlRunner>(
  client: TransactionRunner<Tx>,
  { nudge, requestId }: { nudge: () => void; requestId: () => string | undefined },
): UnitOfWork<Tx> {
  return { transaction };

  async function transaction<R>(
    work: (tx: Tx, emit: Emit) => Promise<R>,
    options?: TransactionOptions,
  ): Promise<R> {
    let emitted = 0;
    const result = await client.$transaction(async (tx) => {
      const messages: { id: string; type: EventType; payload: unknown }[] = [];
      const value = await work(tx, (type, payload) => {
        messages.push({ id: v7(), type, payload: eventSchemas[type].parse(payload) });
      });
      emitted = messages.length;
      if (emitted > 0) await tx.$executeRawUnsafe(INSERT, JSON.stringify(messages), requestId() ?? null);
      return value;
    }, options);
    if (emitted > 0) nudge();
    return result;
  }
}
