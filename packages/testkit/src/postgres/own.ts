import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PostgresServer, startPostgres } from '@lazyphotos/embedded-postgres';
import { freePort } from '../port.js';
import type { OwnServer } from '../servers/own-server.js';

const POLL_MS = 20;

/** An embedded PostgreSQL of our own, not started yet. `folder` is for its data alone. */
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
      throw new Error(`someone took the port ${this.#port} of PostgreSQL`);
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
