import { type AnyEvent, parseEvent } from '@lazyphotos/contracts';
import type pg from 'pg';

export interface RelayOptions {
  pool: pg.Pool;
  /** Resolves once the bus has the events for good. */
  publish: (events: readonly AnyEvent[]) => Promise<void>;
  onPublished?: (count: number) => void;
  onPending?: (count: number) => void;
  onError?: (error: unknown) => void;
  /** How often to look without being nudged; finds what a crashed process left behind. */
  pollMs?: number;
  batchSize?: number;
}

export interface OutboxRelay {
  start(): void;
  /** Says that something was committed: publishes without waiting for the next poll. */
  nudge(): void;
  /** Publishes what there is and returns how many events went out. */
  flush(): Promise<number>;
  /** Ends after the batch under way; nothing is lost, the rest stays in the table. */
  stop(): Promise<void>;
}

interface OutboxRow {
  id: string;
  type: string;
  occurred_at: Date;
  request_id: string | null;
  payload: unknown;
}

const toEvent = (row: OutboxRow): AnyEvent =>
  parseEvent({
    id: row.id,
    type: row.type,
    occurredAt: row.occurred_at.toISOString(),
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
    payload: row.payload,
  });

const TAKE = `SELECT id, type, occurred_at, request_id, payload FROM outbox_messages
  ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`;

/** A transaction on a connection of the pool. */
async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  // A connection may break while nothing is asked of it; unheard, that would end the process.
  client.on('error', onError);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(onError);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/**
 * Moves committed events from the outbox to the bus, at least once: rows are deleted in the transaction that locked them,
 * after the bus has confirmed. A crash in between publishes them again under the same id. Several relays may run at once;
 * they skip each other's rows, so order between events is not kept (consumers compare versions).
 */
export function createOutboxRelay(options: RelayOptions): OutboxRelay {
  const { pool, publish, pollMs = 2000, batchSize = 200 } = options;
  let running: Promise<void> | undefined;
  let counting: Promise<void> | undefined;
  let nudged = false;
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;
  const report = (error: unknown) => options.onError?.(error);

  /** A row that is no event stays where it is, for somebody to look at, and stops none of the others. */
  const readable = (row: OutboxRow): AnyEvent[] => {
    try {
      return [toEvent(row)];
    } catch (error) {
      report(error);
      return [];
    }
  };

  const moveBatch = () =>
    inTransaction(pool, async (client) => {
      const { rows } = await client.query<OutboxRow>(TAKE, [batchSize]);
      const events = rows.flatMap(readable);
      if (events.length > 0) {
        await publish(events);
        await client.query('DELETE FROM outbox_messages WHERE id = ANY($1)', [events.map(({ id }) => id)]);
      }
      return events.length;
    });

  const moveAll = async (goOn: () => boolean): Promise<number> => {
    let total = 0;
    let count: number;
    do {
      count = await moveBatch();
      total += count;
      if (count > 0) options.onPublished?.(count);
    } while (count === batchSize && goOn());
    return total;
  };

  const countPending = async () => {
    const { rows } = await pool.query<{ count: string }>('SELECT count(*) FROM outbox_messages');
    options.onPending?.(Number(rows[0]?.count ?? 0));
  };

  const run = async () => {
    do {
      nudged = false;
      await moveAll(() => !stopped);
    } while (nudged && !stopped);
  };

  /** One run at a time; a nudge during a run makes it look once more. */
  const wake = () => {
    nudged = true;
    if (stopped || running) return;
    running = run()
      .catch(report)
      .finally(() => {
        running = undefined;
        if (nudged) wake();
      });
  };

  const poll = () => {
    wake();
    if (!options.onPending || counting) return;
    counting = countPending()
      .catch(report)
      .finally(() => {
        counting = undefined;
      });
  };

  return {
    start: () => {
      if (!stopped) return;
      stopped = false;
      timer = setInterval(poll, pollMs);
      wake();
    },
    nudge: wake,
    flush: () => moveAll(() => true),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await Promise.all([running, counting]);
    },
  };
}
