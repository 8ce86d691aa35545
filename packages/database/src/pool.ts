import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';

export interface DatabaseOptions {
  url: string;
  /** The largest number of connections. */
  poolSize: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** Told about connections that break while idle; the pool replaces them. */
  onIdleError?: (error: Error) => void;
}

/** A connection pool and the Prisma adapter on it: a service's Prisma client and its outbox relay share one pool. */
export interface Database {
  pool: pg.Pool;
  adapter: PrismaPg;
  /** Rejects when the database does not answer. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** For a connection of the pool: busy ones are waited for as well. */
const CONNECT_MS = 10_000;

/** How long a Prisma transaction may wait for its connection, and how long it may take: Prisma's own 2 s and 5 s are little on a busy Pi. */
export const transactionOptions = { maxWait: CONNECT_MS, timeout: 30_000 };

export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_MS,
    // Idle connections cost the server memory; a Pi would rather have it back.
    idleTimeoutMillis: 10_000,
  });
  pool.on('error', (error) => options.onIdleError?.(error));
  return {
    pool,
    adapter: new PrismaPg(pool),
    ready: async () => {
      await pool.query('SELECT 1');
    },
    close: () => pool.end(),
  };
}
