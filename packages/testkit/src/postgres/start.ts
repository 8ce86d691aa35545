import { keepServer } from '../servers/kept-server.js';

export interface TestPostgres {
  /** A superuser's, to the database `postgres`. */
  readonly url: string;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
  /** Ends the server in the orderly way, breaking off its connections, and keeps its data for restart(). */
  shutDown(): Promise<void>;
  /** SIGKILL to the postmaster; the data stays for restart(). */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; ends it first if it runs. Resolves when it answers. */
  restart(): Promise<void>;
}

/** Tests cut processes, not power: what the system was given is safe without fsync. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', max_connections: '200', shared_buffers: '128MB' };

/**
 * Starts an embedded PostgreSQL of one's own, to stop, kill and restart. What was committed survives a kill, so
 * commits wait for their log to be written, unlike those of the server that all suites share.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const server = await keepServer({ server: 'postgres', settings: SETTINGS });
  return {
    url: server.url,
    stop: () => server.stop(),
    shutDown: async () => void (await server.ask('shutDown')),
    kill: async () => void (await server.ask('kill')),
    restart: async () => void (await server.ask('restart')),
  };
}

/** The PostgreSQL of all suites: their commits are lost with it. */
export async function startSharedPostgres(): Promise<Pick<TestPostgres, 'url' | 'stop'>> {
  return keepServer({ server: 'postgres', settings: { ...SETTINGS, synchronous_commit: 'off' } });
}
