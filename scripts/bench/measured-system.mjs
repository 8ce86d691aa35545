// What a benchmark measures: a node in one process, or with `--system services` six processes with RabbitMQ, MinIO and PostgreSQL.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SERVICE_NAMES } from '../../packages/contracts/dist/index.js';
import { startPostgres } from '../../packages/embedded-postgres/dist/index.js';
import { createFilesystemStore, createS3Store } from '../../packages/object-storage/dist/index.js';
import { startMinio, startRabbitMq } from '../../packages/testkit/dist/index.js';
import { composeLimits, createMemoryGroups, findMemoryGroups } from './memory-limits.mjs';
import { measuresOf } from './processes.mjs';
import { startNode } from './start-node.mjs';

const SETTINGS = { LAZYPHOTOS_REQUESTS_PER_MINUTE: '1000000' };

/**
 * Starts it with its data in `folder`. Commits are synced to the disk, as in production.
 * @param options of the command line: `system`, `limits`
 * @param settings environment variables of a node in one process
 * @returns what every benchmark needs, and how to reach the databases (`databaseUrl(service)`), the object store and the key of media URLs
 */
export const startSystem = ({ system, limits }, folder, settings = {}) =>
  system === 'node' ? startInOneProcess(folder, settings) : startServices(folder, limits);

async function startInOneProcess(folder, settings) {
  const dataDir = join(folder, 'data');
  const node = await startNode(dataDir, { ...SETTINGS, ...settings });
  const read = async (path) => (await readFile(join(dataDir, path), 'utf8')).trim();
  return {
    ...measuresOf(folder),
    url: node.url,
    pid: node.pid,
    claimCode: node.claimCode,
    stop: node.stop,
    databaseUrl: async (service) => {
      const port = (await read('postgres/postmaster.pid')).split('\n')[3];
      return `postgres://lazyphotos:${encodeURIComponent(await read('postgres.password'))}@127.0.0.1:${port}/${service}`;
    },
    openStore: () => createFilesystemStore({ root: join(dataDir, 'storage') }),
    mediaSigningKey: () => read('keys/media-url.key'),
  };
}

async function startServices(folder, isLimited) {
  // Node strips the types.
  const { startSixProcesses } = await import('../../packages/standalone/test/support/six-processes.ts');
  const found = isLimited ? await findMemoryGroups() : undefined;
  const [postgres, rabbitMq, minio] = await Promise.all([
    startPostgres({ dataDir: join(folder, 'postgres'), settings: { max_connections: '100' } }),
    startRabbitMq(),
    startMinio(),
  ]);
  const servers = {
    postgresUrl: postgres.url('postgres'),
    busUrl: rabbitMq.url,
    busApiUrl: rabbitMq.apiUrl,
    s3: minio,
  };
  const limits = await composeLimits(SERVICE_NAMES);
  const groups = found ? await createMemoryGroups(limits, found) : undefined;
  const settings = (name) => ({
    ...SETTINGS,
    LAZYPHOTOS_VALIDATE_ANSWERS: 'false',
    ...limits[name].settings,
  });
  const six = await startSixProcesses(servers, { settings, prefix: groups?.prefix }).catch(async (error) => {
    await groups?.remove();
    throw error;
  });
  const { S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = six.settingsOf('media-worker');
  return {
    ...measuresOf(folder),
    url: six.url,
    claimCode: await six.claimCode(),
    limitReport: groups?.report,
    stop: async () => {
      await six.remove();
      await groups?.remove();
      await Promise.all([rabbitMq.stop(), minio.stop(), postgres.stop()]);
    },
    // The administrator's: a service may not make what a benchmark fills its tables with.
    databaseUrl: async (service) => postgres.url(new URL(six.databaseUrl(service)).pathname.slice(1)),
    openStore: async () =>
      createS3Store({
        bucket: S3_BUCKET,
        endpoint: S3_ENDPOINT,
        region: 'us-east-1',
        pathStyle: true,
        credentials: { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY },
      }),
    mediaSigningKey: async () => six.settingsOf('gateway').LAZYPHOTOS_MEDIA_SIGNING_KEY,
  };
}
