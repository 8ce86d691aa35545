import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { type HeldLock, takeLock } from './advisory-lock.js';
import { HOST, resolveDataDir, type StartOptions, SUPERUSER } from './cluster.js';
import { type Access, probe, withClient } from './connect.js';
import { DataFolderInUseError, errnoOf, toStartError } from './errors.js';
import { launch, type Running } from './launch.js';
import { keepLogBounded } from './log-file.js';
import { readPidFile } from './pid-file.js';
import { stopServer } from './postmaster.js';
import { withStartLock } from './start-lock.js';

/** A running PostgreSQL of this machine alone: it listens on 127.0.0.1. */
export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The server ran already when `startPostgres` was called. Take the lock before working with it. */
  readonly adopted: boolean;
  url(database: string): string;
  /** Creates the database if there is none of that name. */
  ensureDatabase(name: string): Promise<void>;
  /**
   * Makes this process the only one with that lock; the system takes it back when the process dies. Rejects with
   * DataFolderInUseError after `waitMs`. Starts the server again if the one that it found leaves meanwhile, with the
   * node that had it: read `port` and `url` after this.
   */
  lock(name: string, options: { waitMs: number }): Promise<HeldLock>;
  isAlive(): Promise<boolean>;
  /** Starts the server again if it died, on the same port if that is free. */
  ensureRunning(): Promise<void>;
  /** Stops the server, also an adopted one. Does nothing when it has stopped, or is another run than this one's. */
  stop(): Promise<void>;
}

const RETRY_MS = 100;
/** duplicate_database, and unique_violation when two callers create it at the same moment. */
const EXISTS_ALREADY = ['42P04', '23505'];

/** Starts the PostgreSQL of a data folder, or adopts the one that runs there. Rejects with PostgresStartError. */
export async function startPostgres(options: StartOptions): Promise<PostgresServer> {
  const dataDir = await resolveDataDir(options.dataDir).catch((error: unknown) => {
    throw toStartError('Opening the data folder', error);
  });
  return new EmbeddedServer(
    await withStartLock(dataDir, () => launch(dataDir, options, options.port)),
    options,
  );
}

class EmbeddedServer implements PostgresServer {
  readonly host = HOST;
  readonly user = SUPERUSER;
  readonly #options: StartOptions;
  #running: Running;
  #stopBoundingLog: () => void;

  constructor(running: Running, options: StartOptions) {
    this.#running = running;
    this.#options = options;
    this.#stopBoundingLog = keepLogBounded(running.cluster.logFile);
  }

  get port(): number {
    return this.#running.process.port;
  }

  get password(): string {
    return this.#running.password;
  }

  get adopted(): boolean {
    return this.#running.adopted;
  }

  get #access(): Access {
    return { port: this.port, password: this.password };
  }

  url(database: string): string {
    const credentials = `${this.user}:${encodeURIComponent(this.password)}`;
    return `postgresql://${credentials}@${this.host}:${this.port}/${encodeURIComponent(database)}`;
  }

  async ensureDatabase(name: string): Promise<void> {
    await withClient(this.#access, async (client) => {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (rowCount === 0) await createDatabase(client, name);
    });
  }

  async lock(name: string, { waitMs }: { waitMs: number }): Promise<HeldLock> {
    const deadline = Date.now() + waitMs;
    for (;;) {
      try {
        return await takeLock(this.#access, name, deadline);
      } catch (error) {
        if (error instanceof DataFolderInUseError || Date.now() >= deadline) throw error;
      }
      await sleep(RETRY_MS);
      await this.ensureRunning();
    }
  }

  async isAlive(): Promise<boolean> {
    return (await probe(this.#access)) === 'answers';
  }

  async ensureRunning(): Promise<void> {
    const { dataDir } = this.#running.cluster;
    if (await this.isAlive()) return;
    this.#running = await withStartLock(dataDir, () => launch(dataDir, this.#options, this.port));
  }

  async stop(): Promise<void> {
    this.#stopBoundingLog();
    const { cluster, process } = this.#running;
    const current = await readPidFile(cluster.dataDir);
    if (current?.pid === process.pid && current.startedAt === process.startedAt) await stopServer(cluster);
  }
}

async function createDatabase(client: Client, name: string): Promise<void> {
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } catch (error) {
    if (!EXISTS_ALREADY.includes(errnoOf(error) ?? '')) throw error;
  }
}
