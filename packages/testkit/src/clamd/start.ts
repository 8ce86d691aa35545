import { keepServer } from '../servers/kept-server.js';
import { sourceOf } from '../servers/sources.js';
import { MALWARE } from './own.js';

export interface TestClamd {
  readonly host: string;
  readonly port: number;
  /** Bytes that it takes for malware. */
  readonly malware: string;
  stop(): Promise<void>;
  /** Ends it; restart() starts it again on the same port. */
  shutDown(): Promise<void>;
  restart(): Promise<void>;
}

/** Starts a ClamAV daemon that knows one signature. */
export async function startClamd(): Promise<TestClamd> {
  const source = await sourceOf('clamd');
  if (source.kind === 'none') throw new Error(`no ClamAV for tests: ${source.reason}`);
  if (source.kind === 'shared') throw new Error('a ClamAV that others use does not know our signature');
  const server = await keepServer({ server: 'clamd', source });
  const { hostname, port } = new URL(server.url);
  return {
    host: hostname,
    port: Number(port),
    malware: MALWARE,
    stop: () => server.stop(),
    shutDown: async () => void (await server.ask('shutDown')),
    restart: async () => void (await server.ask('restart')),
  };
}
