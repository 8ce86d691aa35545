import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { Client, escapeLiteral } from 'pg';
import { eventually } from './eventually.js';
import { POSTGRES_URL } from './postgres.js';

export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Removes the database, connections or not. */
  drop(): Promise<void>;
}

const NAMED_BY_US = /^lp_test_[a-z0-9_]+$/;

export interface TestDatabaseOptions {
  /** A libc locale such as `C`; the server's default if not given. */
  locale?: string | undefined;
}

/** An empty database of the caller's own. `prefix` shows in its name: the suite that uses it. */
export async function createTestDatabase(
  prefix: string,
  { locale }: TestDatabaseOptions = {},
): Promise<TestDatabase> {
  const readable = prefix
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 32);
  const name = `lp_test_${readable}_${randomBytes(6).toString('hex')}`;
  const options = locale
    ? ` TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE ${escapeLiteral(locale)}`
    : '';
  await administer(`CREATE DATABASE ${name}${options}`);
  const url = new URL(adminUrl());
  url.pathname = `/${name}`;
  return { name, url: url.href, drop: () => dropTestDatabase(name) };
}

/** Refuses a name that is not `lp_test_…`: the server may be one that a developer works with. */
export async function dropTestDatabase(name: string): Promise<void> {
  if (!NAMED_BY_US.test(name)) throw new Error(`${name} is not a test database; it stays`);
  await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function adminUrl(): string {
  const url = process.env[POSTGRES_URL];
  if (!url) throw new Error(`no PostgreSQL for tests: ${POSTGRES_URL} is not set`);
  return url;
}

interface Queryable {
  query(sql: string): Promise<{ rows: { count: number }[] }>;
}

/** Resolves when this many connections to the database wait for a lock. */
export async function waitForLocks(pool: Queryable, count: number): Promise<void> {
  await eventually(
    async () => {
      const { rows } = await pool.query(
        `SELECT count(*)::int AS count FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      if (rows[0]?.count !== count) throw new Error(`${rows[0]?.count} connections wait for a lock`);
    },
    { intervalMs: 5 },
  );
}

/** Counts the bytes that a pool receives from PostgreSQL, on the connections that it opens from now on. */
export function countBytesRead(pool: EventEmitter): () => number {
  const sockets: { bytesRead: number }[] = [];
  pool.on('connect', ({ connection }: { connection: { stream: { bytesRead: number } } }) => {
    sockets.push(connection.stream);
  });
  return () => sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
}
