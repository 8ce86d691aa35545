import { type AnyEvent, parseEvent } from '@lazyphotos/contracts';
import type pg from 'pg';
import { run, statement } from '../statements.js';
import { Gathering } from './gathering.js';

export interface RelayOptions {
  pool: pg.Pool;
  /** Resolves once the bus has stored the events. */
  publish: (events: readonly AnyEvent[]) => Promise<void>;
  onPublished?: (count: number) => void;
  /** `count`: the rows that are not published; `unreadable`: those among them that are no events. */
  onPending?: (count: number, unreadable: number) => void;
  onError?: (error: unknown) => void;
  /** How often to look without a nudge; this finds what a crashed process left behind. */
  pollMs?: number;
  /** How long rows of published events wait at most to be deleted together. */
  deleteMs?: number;
  /** How long events gather that this process commits in quick succession. */
  gatherMs?: number;
  batchSize?: number;
}

type OutboxRow = {
  id: string;
  type: string;
  occurred_at: Date;
  request_id: string | null;
  payload: unknown;
  found: number;
};

/** The largest payloads of one batch together, in bytes: they are in memory as rows, as events and as what the bus is sent. */
const BATCH_BYTES = 2_000_000;

/**
 * Locks at most $2 rows after $1, and returns as many of them as make a batch: up to BATCH_BYTES, unless the first one is larger. `found` is the
 * number of those that it has locked.
 */
const TAKE = `WITH locked AS MATERIALIZED (
    SELECT id, type, occurred_at, request_id, payload FROM outbox_messages
    WHERE id > $1::uuid ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
  )
  SELECT id, type, occurred_at, request_id, payload, found FROM (
    SELECT *, count(*) OVER ()::int AS found, sum(octet_length(payload::text)) OVER (ORDER BY id) AS total,
      row_number() OVER (ORDER BY id) AS number
    FROM locked
  ) AS sized WHERE total <= ${BATCH_BYTES} OR number = 1 ORDER BY id`;
const DELETE = statement<never>('outbox-delete', 'DELETE FROM outbox_messages WHERE id = ANY($1::uuid[])');
const PENDING = statement<{ count: string; oldest: string | null }>(
  'outbox-pending',
  'SELECT count(*), (SELECT id FROM outbox_messages ORDER BY id LIMIT 1) AS oldest FROM outbox_messages',
);

const DELETE_MS = 1000;
const GATHER_MS = 100;
/** Committed events that wait in memory; more of them wait in the table only. */
const MAX_WAITING = 1000;
/** Before every row. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Moves committed events from the outbox to the bus, at least once: a row is deleted after the bus has confirmed its event. A crash in
 * between publishes it again under the same id.
 *
 * Events that this process has committed are handed over in memory, so that the table need not be read, and their rows are deleted
 * together a moment later. The table is read for all others: those of a process that crashed, and those that the bus did not accept. There
 * the rows are deleted in the transaction that locked them. Several relays may run at once; each skips the rows that another has locked,
 * so the order of events is not kept (consumers compare versions).
 */
export class OutboxRelay {
  readonly #pool: pg.Pool;
  readonly #options: RelayOptions;
  readonly #batchSize: number;
  readonly #gathering: Gathering;
  /** Committed by this process, not published yet. */
  #waiting: AnyEvent[] = [];
  /** Handed over, and on their way to the bus. */
  #publishing: readonly AnyEvent[] = [];
  /** The ids of published events whose rows are still there. */
  #published: string[] = [];
  /** What the last look into the table has read: it may be handed over only after that. */
  #read = new Set<string>();
  #lookInTable = false;
  #isReadingTable = false;
  #failed = false;
  /** Rows that are no events, and were reported. */
  readonly #unreadable = new Set<string>();
  /** The oldest row at the last poll. */
  #oldest: string | null = null;
  #running: Promise<void> | undefined;
  #polling: Promise<void> | undefined;
  #deleting: Promise<void> = Promise.resolve();
  #pollTimer: NodeJS.Timeout | undefined;
  #deleteTimer: NodeJS.Timeout | undefined;
  #stopped = true;

  constructor(options: RelayOptions) {
    this.#pool = options.pool;
    this.#options = options;
    this.#batchSize = options.batchSize ?? 200;
    this.#gathering = new Gathering(options.gatherMs ?? GATHER_MS);
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#pollTimer = setInterval(() => this.#poll(), this.#options.pollMs ?? 2000);
    this.nudge();
  }

  /**
   * Publishes without waiting for the next poll. `committed` are events whose rows this process has just committed; without them the
   * relay reads the table. One run at a time: nudges during a run join in one more.
   */
  nudge(committed?: readonly AnyEvent[]): void {
    if (committed && this.#waiting.length + committed.length <= MAX_WAITING) this.#waiting.push(...committed);
    else {
      this.#waiting = [];
      this.#lookInTable = true;
    }
    this.#start();
  }

  #readTable(): void {
    this.#lookInTable = true;
    this.#start();
  }

  /** Publishes everything in the outbox. Returns the number of events. */
  flush(): Promise<number> {
    return this.#moveAll(() => true);
  }

  /** Stops after the current batch; the rest stays in the table. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#gathering.end();
    clearInterval(this.#pollTimer);
    await Promise.all([this.#running, this.#polling]);
    this.#waiting = [];
    await this.#deletePublished().catch((error: unknown) => this.#options.onError?.(error));
  }

  #start(): void {
    if (this.#lookInTable || this.#hasFullBatch()) this.#gathering.end();
    if (this.#stopped || this.#running) return;
    this.#running = this.#run()
      .catch((error: unknown) => {
        // The next poll reads the table, which has them.
        this.#failed = true;
        this.#options.onError?.(error);
      })
      .finally(() => {
        this.#running = undefined;
        if (this.#hasWork()) this.#start();
      });
  }

  #hasWork(): boolean {
    return this.#lookInTable || this.#waiting.length > 0;
  }

  #hasFullBatch(): boolean {
    return this.#waiting.length >= this.#batchSize;
  }

  async #run(): Promise<void> {
    while (this.#hasWork() && !this.#stopped) {
      // The table first: what is handed over without end must not keep what a crashed process left behind from its turn.
      if (this.#lookInTable) {
        this.#lookInTable = false;
        this.#failed = false;
        await this.#moveAll(() => !this.#stopped);
      } else await this.#publishCommitted();
    }
  }

  async #publishCommitted(): Promise<void> {
    if (!this.#hasFullBatch()) await this.#gathering.wait();
    if (this.#stopped) return;
    const events = this.#waiting.splice(0, this.#batchSize).filter(({ id }) => !this.#read.has(id));
    if (events.length === 0) return;
    this.#gathering.published(events.length);
    this.#publishing = events;
    try {
      await this.#options.publish(events);
    } finally {
      this.#publishing = [];
    }
    this.#published.push(...events.map(({ id }) => id));
    this.#options.onPublished?.(events.length);
    this.#deleteTimer ??= setTimeout(() => {
      this.#deletePublished().catch((error: unknown) => this.#options.onError?.(error));
    }, this.#options.deleteMs ?? DELETE_MS);
  }

  /** Deletes the rows of what was published. When that fails, it is tried again before the table is read. */
  #deletePublished(): Promise<void> {
    clearTimeout(this.#deleteTimer);
    this.#deleteTimer = undefined;
    this.#deleting = this.#deleting
      .catch(() => undefined)
      .then(async () => {
        // A copy: more are added while the statement runs.
        const ids = [...this.#published];
        if (ids.length === 0) return;
        await run({ pool: this.#pool }, DELETE, [ids]);
        this.#published = this.#published.slice(ids.length);
      });
    return this.#deleting;
  }

  async #moveAll(mayContinue: () => boolean): Promise<number> {
    await this.#deletePublished();
    this.#isReadingTable = true;
    this.#waiting = this.#waiting.filter(({ id }) => !this.#read.has(id));
    this.#read = new Set();
    let total = 0;
    let after: string | undefined = FIRST_ID;
    try {
      do {
        const moved = await this.#moveBatch(after);
        after = moved.last;
        total += moved.count;
        if (moved.count > 0) this.#options.onPublished?.(moved.count);
      } while (after !== undefined && mayContinue());
    } finally {
      this.#isReadingTable = false;
    }
    return total;
  }

  /** Publishes the rows after one of the table. Resolves to their number, and to the last row if there may be more. */
  #moveBatch(after: string): Promise<{ count: number; last: string | undefined }> {
    return runInTransaction(this.#pool, async (client) => {
      const { rows } = await client.query<OutboxRow>(TAKE, [after, this.#batchSize]);
      const events = rows.flatMap((row) => this.#parse(row));
      if (events.length > 0) {
        await this.#options.publish(events);
        const ids = events.map(({ id }) => id);
        await run({ pool: client }, DELETE, [ids]);
        for (const id of ids) this.#read.add(id);
      }
      const last = rows.at(-1);
      const mayBeMore = last !== undefined && (last.found === this.#batchSize || last.found > rows.length);
      return { count: events.length, last: mayBeMore ? last.id : undefined };
    });
  }

  /** Returns no event for a row that is invalid: it stays in the table, is reported once, and does not hold up the others. */
  #parse(row: OutboxRow): AnyEvent[] {
    try {
      return [toEvent(row)];
    } catch (error) {
      if (!this.#unreadable.has(row.id)) this.#options.onError?.(error);
      this.#unreadable.add(row.id);
      return [];
    }
  }

  #poll(): void {
    if (this.#polling) return;
    this.#polling = this.#countPending()
      .catch((error: unknown) => this.#options.onError?.(error))
      .finally(() => {
        this.#polling = undefined;
      });
  }

  /** Counts the rows, and reads the table when one has been there since the last poll: nobody has handed it over. */
  async #countPending(): Promise<void> {
    const [row] = await run({ pool: this.#pool }, PENDING, []);
    const { count = '0', oldest = null } = row ?? {};
    // What was before the oldest row is not there any more.
    for (const id of this.#unreadable) if (oldest === null || id < oldest) this.#unreadable.delete(id);
    this.#options.onPending?.(Math.max(0, Number(count) - this.#published.length), this.#unreadable.size);
    const isStuck = oldest !== null && oldest === this.#oldest && !this.#isInFlight(oldest);
    this.#oldest = oldest;
    if (this.#failed || isStuck) this.#readTable();
  }

  /** What a run that takes long is publishing, or will publish, is not stuck. */
  #isInFlight(id: string): boolean {
    if (this.#isReadingTable) return true;
    const isHandedOver = [...this.#publishing, ...this.#waiting].some((event) => event.id === id);
    return isHandedOver || this.#published.includes(id);
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
