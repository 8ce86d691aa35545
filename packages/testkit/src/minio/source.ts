import { hasImage } from '../servers/docker.js';
import type { Source } from '../servers/messages.js';
import { goTool } from '../tools/go-tool.js';
import { minioAnswers } from './probe.js';

/** `http://<access key>:<secret key>@<host>:<port>` of a MinIO to test with, as an administrator. */
export const S3_URL = 'LAZYPHOTOS_TEST_S3_URL';

const DEFAULT_URL = 'http://minioadmin:minioadmin@127.0.0.1:9000';
/** As in docker-compose.arm64.yml. */
export const MINIO_IMAGE = 'quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z';

/** Looks for a MinIO, and builds one where there is none. */
export async function findMinio(): Promise<Source> {
  const given = process.env[S3_URL];
  if (given) return { kind: 'shared', url: given };
  if (await minioAnswers(DEFAULT_URL)) return { kind: 'shared', url: DEFAULT_URL };
  if (await hasImage(MINIO_IMAGE)) return { kind: 'docker', image: MINIO_IMAGE };
  return { kind: 'program', path: await goTool('minio') };
}
