import { createTestDatabase } from '@lazyphotos/testkit';
import type pg from 'pg';
import { type Database, openDatabase, type SqlRunner, type TransactionRunner } from '../src/index.js';

const TABLES = `
  CREATE TABLE outbox_messages (id uuid PRIMARY KEY, type text NOT NULL, occurred_at timestamptz(3) NOT NULL,
    request_id text, payload jsonb NOT NULL);
  CREATE TABLE idempotency_keys (user_id uuid, key text, fingerprint text NOT NULL, answer jsonb,
    created_at timestamptz(3) NOT NULL DEFAULT now(), PRIMARY KEY (user_id, key));
  CREATE TABLE notes (text text NOT NULL);`;

export interface TestTables {
  url: string;
  database: Database;
  client: TransactionRunner<SqlRunner>;
  count(table: 'outbox_messages' | 'idempotency_keys' | 'notes'): Promise<number>;
  close(): Promise<void>;
}

const runnerOf = (connection: pg.PoolClient): SqlRunner => ({
  $executeRawUnsafe: async (query, ...values) => (await connection.query(query, values)).rowCount ?? 0,
  $queryRawUnsafe: async <T>(query: string, ...values: unknown[]) =>
    (await connection.query(query, values)).rows as T,
});

/** Does on a pool what a Prisma client does for a unit of work. */
export const transactionsOn = (pool: pg.Pool): TransactionRunner<SqlRunner> => ({
  $transaction: async (work) => {
    const connection = await pool.connect();
    try {
      await connection.query('BEGIN');
      const result = await work(runnerOf(connection));
      await connection.query('COMMIT');
      return result;
    } catch (error) {
      await connection.query('ROLLBACK');
      throw error;
    } finally {
      connection.release();
    }
  },
});

/** Makes a database with the tables that this package requires of every service. */
export async function createTestTables(): Promise<TestTables> {
  const test = await createTestDatabase('database');
  const database = openDatabase({ url: test.url, poolSize: 8, applicationName: 'database-test' });
  await database.pool.query(TABLES);
  return {
    url: test.url,
    database,
    client: transactionsOn(database.pool),
    count: async (table) => {
      const { rows } = await database.pool.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
      return Number(rows[0]?.count);
    },
    close: async () => {
      await database.close();
      await test.drop();
    },
  };
}
