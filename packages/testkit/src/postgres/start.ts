import { type KeptServer, keepServer } from '../servers/kept-server.js';
import { ownServer, type TestServer } from '../servers/test-server.js';

export interface TestPostgres extends TestServer {
  /** A superuser's, to the database `postgres`. */
  readonly url: string;
}

/** Tests cut processes, not power: what the system was given is safe without fsync. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', max_connections: '200', shared_buffers: '128MB' };

/**
 * Starts an embedded PostgreSQL of one's own, to stop, kill and restart. What was committed survives a kill, so
 * commits wait for their log to be written, unlike those of the server that all suites share.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const server = await keepServer({ server: 'postgres', settings: SETTINGS });
  return { ...ownServer(server), url: server.url };
}

/** The PostgreSQL of all suites, which nobody restarts. */
export function startSuitesPostgres(): Promise<KeptServer> {
  return keepServer({ server: 'postgres', settings: { ...SETTINGS, synchronous_commit: 'off' } });
}
