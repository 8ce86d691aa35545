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

export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5000,
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
