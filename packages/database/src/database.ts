import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { type DatabaseError, translateDatabaseError } from './errors.js';
import { findPending, type Migration, MigrationChangedError, migrate, readMigrations } from './migrations.js';
import { type RetryOptions, reasonOf, retryUntilReady } from './retry.js';

export interface DatabaseOptions {
  url: string;
  /** The largest number of connections. */
  poolSize: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** How long a statement or transaction waits for a connection, and how long a transaction may take; TRANSACTION_OPTIONS if absent. */
  limits?: TransactionOptions;
  /** Called for each connection that breaks while it is idle; the pool replaces it. */
  onIdleError?: (error: Error) => void;
}

/** A connection pool and the Prisma adapter on it: a service's Prisma client and its outbox relay share one pool. */
export interface Database {
  pool: pg.Pool;
  adapter: PrismaPg;
  /** For the Prisma client on this adapter. */
  transactionOptions: TransactionOptions;
  /** Rejects when the database does not respond. */
  ready(): Promise<void>;
  /** Returns the typed error that a fault of Prisma or `pg` means. */
  translateError(error: unknown): DatabaseError | undefined;
  close(): Promise<void>;
}

/** The part of a Prisma client, or of one of its transactions, that runs raw SQL. */
export interface SqlRunner {
  $executeRawUnsafe(query: string, ...values: unknown[]): PromiseLike<number>;
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): PromiseLike<T>;
}

/** Milliseconds until a transaction begins, and until it ends. */
export interface TransactionOptions {
  maxWait: number;
  timeout: number;
}

/** A Prisma client; `Tx` is the type of its transactions. */
export interface TransactionRunner<Tx> {
  $transaction<R>(fn: (tx: Tx) => Promise<R>): Promise<R>;
}

/** The database did not become ready for this build in time. The message says what to do; the cause, if any, says why. */
export class DatabaseNotReadyError extends Error {
  readonly code = 'database_not_ready';
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DatabaseNotReadyError';
  }
}

/**
 * The time limits of all transactions; Prisma's own 2 s and 5 s are too short for a busy Pi. What runs into them is a `DatabaseError`, so a 503
 * with Retry-After (errors.ts), and nothing is committed.
 *
 * `maxWait`, which is that of every other statement as well: a request waits for one of a service's few connections, each of which may be
 * in a transaction that writes thousands of rows. Clients and the gateway wait longer than 10 s for a response.
 *
 * `timeout`: the largest transactions write about 5,000 rows (`MAX_ROWS` of the catalog), which takes under a second on an idle PC, and a third of
 * the limit on one that has forty times too much to do.
 */
export const TRANSACTION_OPTIONS: TransactionOptions = { maxWait: 10_000, timeout: 30_000 };

/**
 * For the transactions of background work whose size an archive decides, such as a folder with a hundred thousand files. No request waits for
 * them, and nothing else locks the rows of an import.
 */
export const BULK_TRANSACTION_OPTIONS: TransactionOptions = { maxWait: 10_000, timeout: 120_000 };

export function openDatabase(options: DatabaseOptions): Database {
  // pg would write a Date in the time of this machine, with an offset of whole minutes. Old offsets have seconds (Dublin's until 1916:
  // -00:25:21), so a time before that would be another one in the database.
  pg.defaults.parseInputDatesAsUTC = true;
  const { limits = TRANSACTION_OPTIONS } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    application_name: options.applicationName,
    // PostgreSQL writes times in the zone of the session, which may be the machine's, and Prisma cannot read an offset with seconds either.
    options: '-c TimeZone=UTC',
    connectionTimeoutMillis: limits.maxWait,
    // Idle connections use memory of the server, which is scarce on a Pi.
    idleTimeoutMillis: 10_000,
  });
  pool.on('error', (error) => options.onIdleError?.(error));
  return {
    pool,
    adapter: new PrismaPg(pool),
    transactionOptions: limits,
    ready: async () => {
      await pool.query('SELECT 1');
    },
    translateError: translateDatabaseError,
    close: () => pool.end(),
  };
}

/** Applies the pending migrations, then opens the database: for a node whose role owns the database. */
export async function openMigrated(options: DatabaseOptions & { migrationsPath: string }): Promise<Database> {
  await migrate(options.url, options.migrationsPath);
  return openDatabase(options);
}

/**
 * Opens a database that another program migrates: for services in containers, whose role cannot run DDL. Retries until the database
 * responds and has every migration of this build. It may have newer ones, as in a rolling update.
 * @throws DatabaseNotReadyError, MigrationChangedError
 */
export async function openWhenMigrated(
  options: DatabaseOptions & RetryOptions & { migrationsPath: string },
): Promise<Database> {
  const migrations = await readMigrations(options.migrationsPath);
  const database = openDatabase(options);
  try {
    const isTemporary = (error: Error) => !(error instanceof MigrationChangedError);
    await retryUntilReady(() => requireMigrated(database.pool, migrations), options, isTemporary);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function requireMigrated(pool: pg.Pool, migrations: readonly Migration[]): Promise<void> {
  const pending = await findPending(pool, migrations).catch((error: unknown) => {
    if (error instanceof MigrationChangedError) throw error;
    throw new DatabaseNotReadyError(`the database cannot be opened: ${reasonOf(error)}`, error);
  });
  if (pending.length > 0) {
    const names = pending.map(({ name }) => name).join(', ');
    throw new DatabaseNotReadyError(
      `the database is not migrated (it lacks ${names}): run the provision step`,
    );
  }
}
