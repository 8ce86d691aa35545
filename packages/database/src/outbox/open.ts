import { type Chassis, currentRequestId, describeError } from '@lazyphotos/service-kit';
import type { Database, SqlRunner, TransactionRunner } from '../database.js';
import { createOutboxRelay, type OutboxRelay, type RelayOptions } from './relay.js';
import { createUnitOfWork, type UnitOfWork } from './unit-of-work.js';

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

/** Opens the outbox of a service: what it commits is published, counted and, after a fault, published again. */
export function openOutbox<Tx extends SqlRunner>(
  client: TransactionRunner<Tx>,
  { chassis, database, bus }: OutboxDeps,
): Outbox<Tx> {
  const { name: service, metrics, logger } = chassis;
  const relay = createOutboxRelay({
    pool: database.pool,
    publish: (events) => bus.publish(events),
    onPublished: (count) => metrics.eventsPublished.inc({ service }, count),
    onPending: (count) => metrics.outboxPending.set({ service }, count),
    onError: (error) => logger.warn('the outbox relay will try again', { error: describeError(error) }),
  });
  return {
    relay,
    unitOfWork: createUnitOfWork<Tx>(client, { nudge: relay.nudge, requestId: currentRequestId }),
  };
}
