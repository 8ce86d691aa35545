import { type AnyEvent, parseEvent } from '@lazyphotos/contracts';
import type pg from 'pg';

export interface RelayOptions {
  pool: pg.Pool;
  /** Resolves once the bus has stored the events. */
  publish: (events: readonly AnyEvent[]) => Promise<void>;
  onPublished?: (count: number) => void;
  onPending?: (count: number) => void;
  onError?: (error: unknown) => void;
  /** How often to look without a nudge; this finds what a crashed process left behind. */
  pollMs?: number;
  batchSize?: number;
}

interface OutboxRow {
  id: string;
  type: string;
  occurred_at: Date;
  request_id: string | null;
  payload: unknown;
}

const TAKE = `SELECT id, type, occurred_at, request_id, payload FROM outbox_messages
  ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`;

/**
 * Moves committed events from the outbox to the bus, at least once: rows are deleted in the transaction that locked them, after the bus
 * has confirmed. A crash in between publishes them again under the same id. Several relays may run at once; each skips the rows that
 * another has locked, so the order of events is not kept (consumers compare versions).
 */
export class OutboxRelay {
  readonly #pool: pg.Pool;
  readonly #options: RelayOptions;
  readonly #batchSize: number;
  #running: Promise<void> | undefined;
  #counting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #nudged = false;
  #stopped = true;

  constructor(options: RelayOptions) {
    this.#pool = options.pool;
    this.#options = options;
    this.#batchSize = options.batchSize ?? 200;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#timer = setInterval(() => this.#poll(), this.#options.pollMs ?? 2000);
    this.nudge();
  }

  /** Publishes without waiting for the next poll. One run at a time: a nudge during a run makes it look once more. */
  nudge(): void {
    this.#nudged = true;
    if (this.#stopped || this.#running) return;
    this.#running = this.#run()
      .catch((error: unknown) => this.#options.onError?.(error))
      .finally(() => {
        this.#running = undefined;
        if (this.#nudged) this.nudge();
      });
  }

  /** Publishes everything in the outbox. Returns the number of events. */
  flush(): Promise<number> {
    return this.#moveAll(() => true);
  }

  /** Stops after the current batch; the rest stays in the table. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await Promise.all([this.#running, this.#counting]);
  }

  async #run(): Promise<void> {
    do {
      this.#nudged = false;
      await this.#moveAll(() => !this.#stopped);
    } while (this.#nudged && !this.#stopped);
  }

  async #moveAll(mayContinue: () => boolean): Promise<number> {
    let total = 0;
    let count: number;
    do {
      count = await this.#moveBatch();
      total += count;
      if (count > 0) this.#options.onPublished?.(count);
    } while (count === this.#batchSize && mayContinue());
    return total;
  }

  #moveBatch(): Promise<number> {
    return runInTransaction(this.#pool, async (client) => {
      const { rows } = await client.query<OutboxRow>(TAKE, [this.#batchSize]);
      const events = rows.flatMap((row) => this.#parse(row));
      if (events.length > 0) {
        await this.#options.publish(events);
        await client.query('DELETE FROM outbox_messages WHERE id = ANY($1)', [events.map(({ id }) => id)]);
      }
      return events.length;
    });
  }

  /** Returns no event for a row that is invalid: it stays in the table, is reported, and does not hold up the others. */
  #parse(row: OutboxRow): AnyEvent[] {
    try {
      return [toEvent(row)];
    } catch (error) {
      this.#options.onError?.(error);
      return [];
    }
  }

  #poll(): void {
    this.nudge();
    if (!this.#options.onPending || this.#counting) return;
    this.#counting = this.#countPending()
      .catch((error: unknown) => this.#options.onError?.(error))
      .finally(() => {
        this.#counting = undefined;
      });
  }

  async #countPending(): Promise<void> {
    const { rows } = await this.#pool.query<{ count: string }>('SELECT count(*) FROM outbox_messages');
    this.#options.onPending?.(Number(rows[0]?.count ?? 0));
  }
}

async function runInTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  // A connection may break between two queries; without a listener that would end the process.
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

function toEvent(row: OutboxRow): AnyEvent {
  return parseEvent({
    id: row.id,
    type: row.type,
    occurredAt: row.occurred_at.toISOString(),
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
    payload: row.payload,
  });
}
