import { type EventPayload, type EventType, eventSchemas } from '@lazyphotos/contracts';
import { v7 } from 'uuid';
import type { SqlRunner, TransactionOptions, TransactionRunner } from '../database.js';

/** Adds an event that is published if, and only if, the transaction commits. @throws ZodError for an invalid payload */
export type Emit = <T extends EventType>(type: T, payload: EventPayload<T>) => void;

export interface UnitOfWork<Tx> {
  /** Runs `work` in one transaction, stores the events that it emits in the outbox, and nudges the relay after the commit. */
  transaction<R>(work: (tx: Tx, emit: Emit) => Promise<R>, options?: TransactionOptions): Promise<R>;
}

const INSERT = `INSERT INTO outbox_messages (id, type, occurred_at, request_id, payload)
  SELECT (m->>'id')::uuid, m->>'type', now(), $2, m->'payload' FROM jsonb_array_elements($1::jsonb) AS m`;

export function createUnitOfWork<Tx extends SqlRunner>(
  client: TransactionRunner<Tx>,
  { nudge, requestId }: { nudge: () => void; requestId: () => string | undefined },
): UnitOfWork<Tx> {
  return {
    transaction: async (work, options) => {
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
    },
  };
}
