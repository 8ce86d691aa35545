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

/**
 * Moves committed events from the outbox to the bus, at least once: rows are deleted in the transaction that locked them,
 * after the bus has confirmed. A crash in between publishes them again under the same id. Several relays may run at once;
 * they skip each other's rows, so order between events is not kept (consumers compare versions).
 */
export function createOutboxRelay(options: RelayOptions): OutboxRelay {
  const { pool, publish, pollMs = 2000, batchSize = 200 } = options;
  let running: Promise<void> | undefined;
  let nudged = false;
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;

  const moveBatch = async (): Promise<number> => {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const { rows } = await client.query<OutboxRow>(TAKE, [batchSize]);
      if (rows.length > 0) {
        await publish(rows.map(toEvent));
        await client.query('DELETE FROM outbox_messages WHERE id = ANY($1)', [rows.map((row) => row.id)]);
      }
      await client.query('COMMIT');
      return rows.length;
    } catch (error) {
      await client.query('ROLLBACK').catch((cause: Error) => {
        broken = cause;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  };

  const flush = async (): Promise<number> => {
    let total = 0;
    for (;;) {
      const count = await moveBatch();
      total += count;
      if (count > 0) options.onPublished?.(count);
      if (count < batchSize) break;
    }
    return total;
  };

  const countPending = async () => {
    if (!options.onPending) return;
    const { rows } = await pool.query<{ count: string }>('SELECT count(*) FROM outbox_messages');
    options.onPending(Number(rows[0]?.count ?? 0));
  };

  const run = async () => {
    do {
      nudged = false;
      await flush();
    } while (nudged && !stopped);
  };

  /** One run at a time; a nudge during a run makes it look once more. */
  const wake = () => {
    nudged = true;
    if (stopped || running) return;
    running = run()
      .catch((error: unknown) => options.onError?.(error))
      .finally(() => {
        running = undefined;
      });
  };

  return {
    start: () => {
      stopped = false;
      timer = setInterval(() => {
        wake();
        countPending().catch((error: unknown) => options.onError?.(error));
      }, pollMs);
      wake();
    },
    nudge: wake,
    flush,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
