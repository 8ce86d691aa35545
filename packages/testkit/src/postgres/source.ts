import { Client } from 'pg';

/** The URL of an administrator's connection to the server that tests make their databases on. */
export const POSTGRES_URL = 'LAZYPHOTOS_TEST_POSTGRES_URL';

/** The version that containers and `npm start` run. */
const OLDEST_VERSION = 18;
const CONNECT_MS = 30_000;

/**
 * The URL of a PostgreSQL that listens where the PG* variables say, 127.0.0.1:5432 and user postgres without them, if
 * it is of use: recent, and we may make databases and roles there.
 */
export async function findRunningPostgres(): Promise<string | undefined> {
  const { PGHOST, PGPORT, PGUSER, PGPASSWORD } = process.env;
  const url = new URL(`postgresql://${PGHOST || '127.0.0.1'}:${PGPORT || 5432}/postgres`);
  url.username = PGUSER || 'postgres';
  url.password = PGPASSWORD || 'postgres';
  return (await isOfUse(url.href)) ? url.href : undefined;
}

async function isOfUse(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rowCount } = await client.query(
      `SELECT FROM pg_roles
       WHERE rolname = current_user AND rolsuper AND current_setting('server_version_num')::int >= $1`,
      [OLDEST_VERSION * 10_000],
    );
    return rowCount === 1;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
