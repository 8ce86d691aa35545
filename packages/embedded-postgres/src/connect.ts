import { Client } from 'pg';
import { HOST, SUPERUSER } from './cluster.js';
import { errnoOf } from './errors.js';

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

const WRONG_PASSWORD = '28P01';
/** A busy machine takes seconds to accept a connection; a port without a server refuses it at once. */
const CONNECT_MS = 15_000;
const QUERY_MS = 60_000; // CREATE DATABASE copies files: slow on a card

/** Runs `work` on a connection of its own, closed in the end. */
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

export async function connectTo(access: Access, options: ConnectOptions = {}): Promise<Client> {
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
  client.on('error', () => {}); // the query in progress, or the next one, rejects with it
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  return client;
}

/** Whether a server answers there, with this password. */
export async function probe(access: Access): Promise<'answers' | 'wrong_password' | 'silent'> {
  return withClient(access, (client) => client.query('SELECT 1'), { queryMs: CONNECT_MS }).then(
    () => 'answers',
    (error: unknown) => (errnoOf(error) === WRONG_PASSWORD ? 'wrong_password' : 'silent'),
  );
}
