import { setTimeout as sleep } from 'node:timers/promises';
import { LockTimeoutError, withFolderLock } from '@lazyphotos/system';
import type { Client } from 'pg';
import { HOST, resolveDataDir, type StartOptions, SUPERUSER } from './cluster.js';
import { type Access, type HeldLock, probe, takeLock, withClient } from './connection.js';
import { DataFolderInUseError, errnoOf, toStartError } from './errors.js';
import { launch, type Running } from './launch.js';
import { keepLogBounded } from './log-file.js';
import { readPidFile, stopServer } from './server-process.js';

/** A running PostgreSQL of this machine alone: it listens on 127.0.0.1. */
export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Whether the server ran already when `startPostgres` was called. Take the lock before you use it. */
  readonly adopted: boolean;
  url(database: string): string;
  /** Creates the database if there is none of that name. */
  ensureDatabase(name: string): Promise<void>;
  /** Writes to the disk what so far is only in memory and in the log. */
  checkpoint(): Promise<void>;
  /**
   * Takes a lock that only one process can have; it ends with the process. Rejects with DataFolderInUseError after `waitMs`. If the
   * node that has the lock stops the server meanwhile, starts it again: read `port` and `url` after this.
   */
  lock(name: string, options: { waitMs: number }): Promise<HeldLock>;
  isAlive(): Promise<boolean>;
  /** Starts the server again if it died, on the same port if that is free. */
  ensureRunning(): Promise<void>;
  /** Stops the server, also an adopted one. Does nothing when it has stopped, or when another process has started it again. */
  stop(): Promise<void>;
}

const RETRY_MS = 100;
/** A slow card takes minutes for what is in memory. */
const CHECKPOINT_MS = 10 * 60_000;
/** How long another process may take to create the database, or to recover it, on a slow card. */
const START_LOCK_MS = 5 * 60_000;
/** duplicate_database, and unique_violation when two callers create it at the same moment. */
const EXISTS_ALREADY = ['42P04', '23505'];

/** Starts the PostgreSQL of a data folder, or adopts the one that runs there. @throws PostgresStartError, DataFolderInUseError */
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

  async checkpoint(): Promise<void> {
    await withClient(this.#access, (client) => client.query('CHECKPOINT'), { queryMs: CHECKPOINT_MS });
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
    return (await probe(this.#access)) === 'responds';
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

/** Lets one process at a time initialise or start the server of a folder. */
export async function withStartLock<T>(
  dataDir: string,
  work: () => Promise<T>,
  waitMs = START_LOCK_MS,
): Promise<T> {
  return withFolderLock(`${dataDir}.lock`, work, { waitMs }).catch((error: unknown) => {
    if (!(error instanceof LockTimeoutError)) throw toStartError('Starting PostgreSQL', error);
    throw new DataFolderInUseError('Another process is still starting PostgreSQL on this data folder');
  });
}
