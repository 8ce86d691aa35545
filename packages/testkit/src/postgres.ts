import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PostgresServer, startPostgres } from '@lazyphotos/embedded-postgres';
import { Client } from 'pg';
import { freePort } from './port.js';
import type { OwnServer } from './servers/server.js';
import { type OwnTestServer, startServerProcess, type TestServer } from './servers/start-server-process.js';

/** The URL of an administrator's connection to the server that tests make their databases on. */
export const POSTGRES_URL = 'LAZYPHOTOS_TEST_POSTGRES_URL';

/** The version that containers and `npm start` run. */
const OLDEST_VERSION = 18;
const CONNECT_MS = 30_000;
const POLL_MS = 20;

export interface TestPostgres extends TestServer {
  /** A superuser's, to the database `postgres`. */
  readonly url: string;
}

/** Tests cut processes, not power: what the operating system has is safe without fsync. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', max_connections: '200', shared_buffers: '128MB' };

/**
 * Starts an embedded PostgreSQL for the caller alone, to stop, kill and restart. What was committed survives a kill, so
 * commits wait for their log to be written, unlike those of the server that all suites share.
 */
export function startTestPostgres(): Promise<TestPostgres> {
  return startServerProcess({ server: 'postgres', settings: SETTINGS });
}

/** The PostgreSQL of all suites; no suite restarts it. */
export function startSuitesPostgres(): Promise<OwnTestServer> {
  return startServerProcess({ server: 'postgres', settings: { ...SETTINGS, synchronous_commit: 'off' } });
}

/**
 * Returns the URL that was given by its variable, or of a PostgreSQL that listens where the PG* variables say, 127.0.0.1:5432 and
 * user postgres without them, if tests can use it: recent, and they may make databases and roles there.
 */
export async function findRunningPostgres(): Promise<string | undefined> {
  const given = process.env[POSTGRES_URL];
  if (given) return given;
  const { PGHOST, PGPORT, PGUSER, PGPASSWORD } = process.env;
  const url = new URL(`postgresql://${PGHOST || '127.0.0.1'}:${PGPORT || 5432}/postgres`);
  url.username = PGUSER || 'postgres';
  url.password = PGPASSWORD || 'postgres';
  return (await isUsable(url.href)) ? url.href : undefined;
}

async function isUsable(url: string): Promise<boolean> {
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

/** Returns an embedded PostgreSQL that is not started yet. `folder` is for its data alone. */
export async function openPostgres(folder: string, settings: Record<string, string>): Promise<OwnServer> {
  return new OwnPostgres(join(folder, 'postgres'), await freePort(), settings);
}

class OwnPostgres implements OwnServer {
  readonly #dataDir: string;
  readonly #port: number;
  readonly #settings: Record<string, string>;
  #server: PostgresServer | undefined;

  constructor(dataDir: string, port: number, settings: Record<string, string>) {
    this.#dataDir = dataDir;
    this.#port = port;
    this.#settings = settings;
  }

  get url(): string {
    return this.#server?.url('postgres') ?? '';
  }

  async start(): Promise<void> {
    if (this.#server) await this.#server.ensureRunning();
    else {
      const options = { dataDir: this.#dataDir, settings: this.#settings, port: this.#port };
      this.#server = await startPostgres(options);
    }
    if (this.#server.port !== this.#port)
      throw new Error(`another process took the port ${this.#port} of PostgreSQL`);
  }

  async shutDown(): Promise<void> {
    await this.#server?.stop();
  }

  async kill(): Promise<void> {
    const file = await readFile(join(this.#dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
    const pid = Number.parseInt(file, 10);
    if (!pid) return;
    process.kill(pid, 'SIGKILL');
    while (await this.#server?.isAlive()) await sleep(POLL_MS);
  }

  async end(): Promise<void> {
    await this.shutDown();
  }
}
