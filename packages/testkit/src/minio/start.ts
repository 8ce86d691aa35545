import { keepServer } from '../servers/kept-server.js';
import { sourceOf } from '../servers/sources.js';

export interface TestMinio {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** The administrator's. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** False: the server is shared, and shutDown, kill and restart reject. */
  readonly canRestart: boolean;
  /** Ends the server and removes its data; leaves a shared one alone. */
  stop(): Promise<void>;
  /** Ends the server in the orderly way and keeps its data for restart(). */
  shutDown(): Promise<void>;
  /** SIGKILL; the data stays for restart(). */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; ends it first if it runs. Resolves when it answers. */
  restart(): Promise<void>;
}

/** Starts a MinIO of one's own, or hands out the shared one. */
export async function startMinio(): Promise<TestMinio> {
  const source = await sourceOf('minio');
  if (source.kind === 'none') throw new Error(`no MinIO for tests: ${source.reason}`);
  if (source.kind === 'shared') return shared(source.url);
  const server = await keepServer({ server: 'minio', source });
  return {
    ...access(server.url),
    canRestart: true,
    stop: () => server.stop(),
    shutDown: async () => void (await server.ask('shutDown')),
    kill: async () => void (await server.ask('kill')),
    restart: async () => void (await server.ask('restart')),
  };
}

function shared(url: string): TestMinio {
  const refuse = async () => {
    throw new Error('this MinIO is shared: it is not for us to stop');
  };
  return {
    ...access(url),
    canRestart: false,
    stop: async () => {},
    shutDown: refuse,
    kill: refuse,
    restart: refuse,
  };
}

function access(url: string) {
  const { origin, username, password } = new URL(url);
  return {
    endpoint: origin,
    accessKeyId: decodeURIComponent(username),
    secretAccessKey: decodeURIComponent(password),
  };
}
