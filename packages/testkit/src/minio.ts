import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './port.js';
import { DockerServer, hasImage } from './servers/docker-server.js';
import { ProgramServer } from './servers/program-server.js';
import type { OwnServer, OwnSource, Source } from './servers/server.js';
import { sharedServer, startServerProcess, type TestServer } from './servers/start-server-process.js';
import { sourceOf } from './servers/test-run.js';
import { goTool, goToolPath } from './tools/go-tool.js';
import { INSTALL_COMMAND, installsAllowed } from './tools/install.js';

/** `http://<access key>:<secret key>@<host>:<port>` of a MinIO to test with, as an administrator. */
const S3_URL = 'LAZYPHOTOS_TEST_S3_URL';
const DEFAULT_URL = 'http://minioadmin:minioadmin@127.0.0.1:9000';
/** As in docker-compose.arm64.yml. */
export const MINIO_IMAGE = 'quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z';
const USER = 'lazyphotos';
const RESPONSE_MS = 30_000;

export interface TestMinio extends TestServer {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** The administrator's. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Starts a MinIO for the caller alone, or returns the shared one. */
export async function startMinio(): Promise<TestMinio> {
  const source = await sourceOf('minio', findMinio);
  if (source.kind === 'none') throw new Error(`no MinIO for tests: ${source.reason}`);
  if (source.kind === 'shared') return { ...sharedServer('MinIO'), ...accessOf(source.url) };
  const server = await startServerProcess({ server: 'minio', source });
  return { ...server, ...accessOf(server.url) };
}

function accessOf(url: string) {
  const { origin, username, password } = new URL(url);
  return {
    endpoint: origin,
    accessKeyId: decodeURIComponent(username),
    secretAccessKey: decodeURIComponent(password),
  };
}

/** Looks for a MinIO; builds one where there is none and someone asked for it. */
export async function findMinio(): Promise<Source> {
  const given = process.env[S3_URL];
  if (given) return { kind: 'shared', url: given };
  if (await isMinioReady(DEFAULT_URL)) return { kind: 'shared', url: DEFAULT_URL };
  if (await hasImage(MINIO_IMAGE)) return { kind: 'docker', image: MINIO_IMAGE };
  if (existsSync(goToolPath('minio')) || installsAllowed())
    return { kind: 'program', path: await goTool('minio') };
  const reason = `Set ${S3_URL}, start Docker, or run ${INSTALL_COMMAND}, which builds it in some minutes.`;
  return { kind: 'none', reason };
}

/** Returns a MinIO that is not started yet. `folder` is for its data alone. */
export async function openMinio(folder: string, source: OwnSource): Promise<OwnServer> {
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const url = `http://${USER}:${password}@127.0.0.1:${port}`;
  const isReady = () => isMinioReady(url);
  const env = {
    MINIO_ROOT_USER: USER,
    MINIO_ROOT_PASSWORD: password,
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
  };
  if (source.kind === 'docker') {
    const ports = { inside: 9000, here: port };
    return new DockerServer({ url, image: source.image, ports, env, args: ['server', '/data'], isReady });
  }
  const data = join(folder, 'objects');
  await mkdir(data);
  return new ProgramServer({
    url,
    file: source.path,
    args: ['server', '--address', `127.0.0.1:${port}`, data],
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    cwd: folder,
    isReady,
  });
}

/**
 * Whether a MinIO serves the requests of the user that the URL names. Its own /minio/health/ready succeeds too early:
 * while MinIO still reads its users, its response to signed requests is 503.
 */
async function isMinioReady(url: string): Promise<boolean> {
  // Loaded when it is needed: every test file loads this package, and few start a MinIO.
  const { Client } = await import('minio');
  const { hostname, port, username, password, protocol } = new URL(url);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: protocol === 'https:',
    accessKey: decodeURIComponent(username),
    secretKey: decodeURIComponent(password),
    region: 'us-east-1', // otherwise the client asks the server, and retries
  });
  const signed = await client.presignedGetObject('no-such-bucket', 'no-such-object', 60);
  return fetch(signed, { signal: AbortSignal.timeout(RESPONSE_MS) }).then(
    (response) => response.status === 404 && response.headers.get('server') === 'MinIO',
    () => false,
  );
}
