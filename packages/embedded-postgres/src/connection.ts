import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { HOST, SUPERUSER } from './cluster.js';
import { DataFolderInUseError, errnoOf } from './errors.js';

export interface Access {
  port: number;
  password: string;
}

interface ConnectOptions {
  /** Shown in pg_stat_activity. */
  applicationName?: string;
  /** How long one statement may take. */
  queryMs?: number;
}

export interface HeldLock {
  /** Aborted when the connection that holds the lock breaks: from then on another process may have it. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

const WRONG_PASSWORD = '28P01';
/** A busy machine takes seconds to accept a connection; a port without a server refuses it at once. */
const CONNECT_MS = 15_000;
const QUERY_MS = 60_000; // CREATE DATABASE copies files: slow on a card
const POLL_MS = 200;

/** Runs `work` on a connection of its own. */
export async function withClient<T>(
  access: Access,
  work: (client: Client) => Promise<T>,
  options: ConnectOptions = {},
): Promise<T> {
  const client = await connectTo(access, options);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

async function connectTo(access: Access, options: ConnectOptions): Promise<Client> {
  const client = new Client({
    host: HOST,
    port: access.port,
    user: SUPERUSER,
    password: access.password,
    database: 'postgres',
    application_name: options.applicationName ?? 'lazyphotos',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: options.queryMs ?? QUERY_MS,
    keepAlive: true,
  });
  client.on('error', () => {}); // the current query, or the next one, rejects with it
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  return client;
}

/** Returns whether a server responds there, with this password. */
export async function probe(access: Access): Promise<'responds' | 'wrong_password' | 'silent'> {
  return withClient(access, (client) => client.query('SELECT 1'), { queryMs: CONNECT_MS }).then(
    () => 'responds',
    (error: unknown) => (errnoOf(error) === WRONG_PASSWORD ? 'wrong_password' : 'silent'),
  );
}

/**
 * Takes a lock that ends with its connection, and so with this process, however it ends. Rejects with DataFolderInUseError at the
 * deadline, and with the driver's error when the server goes away meanwhile.
 */
export async function takeLock(access: Access, name: string, deadline: number): Promise<HeldLock> {
  const client = await connectTo(access, { applicationName: `lazyphotos ${name} lock, node ${process.pid}` });
  try {
    while (!(await tryLock(client, name))) {
      if (Date.now() >= deadline) throw new DataFolderInUseError(await inUseMessage(client, name));
      await sleep(Math.min(POLL_MS, Math.max(1, deadline - Date.now())));
    }
    // A lock from a server that is just shutting down would be worth nothing: then this rejects.
    await client.query('SELECT 1');
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  return heldLock(client);
}

function heldLock(client: Client): HeldLock {
  const lost = new AbortController();
  let released = false;
  client.on('end', () => {
    if (!released) lost.abort();
  });
  return {
    lost: lost.signal,
    release: async () => {
      released = true;
      await client.end().catch(() => {});
    },
  };
}

async function tryLock(client: Client, name: string): Promise<boolean> {
  const text = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken';
  const { rows } = await client.query<{ taken: boolean }>(text, [name]);
  return rows[0]?.taken === true;
}

async function inUseMessage(client: Client, name: string): Promise<string> {
  const text = `
    SELECT application_name AS holder FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE locktype = 'advisory' AND granted AND application_name LIKE $1`;
  const { rows } = await client.query<{ holder: string }>(text, [`lazyphotos ${name} lock, %`]);
  const node = rows[0]?.holder.split(', ')[1];
  return `Another LazyPhotos is using this data folder${node ? ` (${node.replace('node', 'process')})` : ''}`;
}
