import { keepServer } from '../servers/kept-server.js';
import { sourceOf } from '../servers/sources.js';
import { ownServer, sharedServer, type TestServer } from '../servers/test-server.js';

export interface TestMinio extends TestServer {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** The administrator's. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Starts a MinIO of one's own, or hands out the shared one. */
export async function startMinio(): Promise<TestMinio> {
  const source = await sourceOf('minio');
  if (source.kind === 'none') throw new Error(`no MinIO for tests: ${source.reason}`);
  if (source.kind === 'shared') return { ...sharedServer('MinIO'), ...access(source.url) };
  const server = await keepServer({ server: 'minio', source });
  return { ...ownServer(server), ...access(server.url) };
}

function access(url: string) {
  const { origin, username, password } = new URL(url);
  return {
    endpoint: origin,
    accessKeyId: decodeURIComponent(username),
    secretAccessKey: decodeURIComponent(password),
  };
}
