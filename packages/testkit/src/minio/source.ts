import { hasImage } from '../servers/docker.js';
import type { Source } from '../servers/messages.js';
import { goTool } from '../tools/go-tool.js';

/** `http://<access key>:<secret key>@<host>:<port>` of a MinIO to test with, as an administrator. */
export const S3_URL = 'LAZYPHOTOS_TEST_S3_URL';

const DEFAULT_URL = 'http://minioadmin:minioadmin@127.0.0.1:9000';
const IMAGE = 'minio/minio:RELEASE.2025-09-07T16-13-09Z';

/** Looks for a MinIO, and builds one where there is none. */
export async function findMinio(): Promise<Source> {
  const given = process.env[S3_URL];
  if (given) return { kind: 'shared', url: given };
  if (await letsUsIn(DEFAULT_URL)) return { kind: 'shared', url: DEFAULT_URL };
  if (await hasImage(IMAGE)) return { kind: 'docker', image: IMAGE };
  return { kind: 'program', path: await goTool('minio') };
}

async function letsUsIn(url: string): Promise<boolean> {
  // Loaded when it is needed: every test file loads this package, and few start a MinIO.
  const { Client } = await import('minio');
  const { hostname, port, username, password } = new URL(url);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: username,
    secretKey: password,
  });
  return client.listBuckets().then(
    () => true,
    () => false,
  );
}
