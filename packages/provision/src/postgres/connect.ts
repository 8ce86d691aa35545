import { type RetryOptions, reasonOf, retryUntilReady } from '@lazyphotos/database';
import pg from 'pg';
import { isTemporary, ProvisionError } from '../errors.js';

const CONNECT_MS = 5000;
/** Classes of SQLSTATE that a running server responds with: the password is wrong, or there is no such database. */
const REFUSED = /^(28|3D)/;

/** Runs `use` on a connection of its own. Retries while the server is still starting. @throws ProvisionError when it cannot connect */
export async function withClient<T>(
  url: string,
  retry: RetryOptions,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await retryUntilReady(() => connect(url), retry, isTemporary);
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'lazyphotos-provision',
    connectionTimeoutMillis: CONNECT_MS,
  });
  // A connection that breaks fails the current query; without a listener it would also end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    const refused = REFUSED.test(String((error as { code?: unknown }).code));
    const what = refused ? 'PostgreSQL refuses the administrator' : 'PostgreSQL does not respond';
    throw new ProvisionError(`${what}: ${reasonOf(error)}`, !refused, error);
  }
}

/** Returns the administrator's URL for another database of the same server. */
export function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}
