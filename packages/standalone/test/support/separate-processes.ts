import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, eventually, freePort, http } from '@lazyphotos/testkit';
import { cleanEnvironment, repository } from './node-process.js';

const serviceNames = ['auth', 'upload', 'catalog', 'feed', 'media-worker', 'gateway'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface SeparateProcesses {
  url: string;
  claimCode(): Promise<string>;
  /** Ends one service at once. */
  kill(name: ServiceName): Promise<void>;
  start(name: ServiceName): Promise<void>;
  ready(): Promise<void>;
  remove(): Promise<void>;
}

/** Each service as its container runs it: its own main.js, port and database; the bus on PostgreSQL, objects in one folder. */
export async function startSeparateProcesses(): Promise<SeparateProcesses> {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-six-'));
  const bus = await createTestDatabase('bus');
  const databases = new Map<ServiceName, Awaited<ReturnType<typeof createTestDatabase>>>();
  const ports = new Map<ServiceName, number>();
  for (const name of serviceNames) {
    databases.set(name, await createTestDatabase(name.replace('-', '_')));
    ports.set(name, await freePort());
  }
  const urlOf = (name: ServiceName) => `http://127.0.0.1:${ports.get(name)}`;
  const all = {
    LAZYPHOTOS_HOST: '127.0.0.1',
    LAZYPHOTOS_METRICS_PORT: '0',
    LAZYPHOTOS_VALIDATE_ANSWERS: 'true',
    LAZYPHOTOS_PUBLIC_URL: urlOf('gateway'),
    LAZYPHOTOS_BUS_URL: bus.url,
    LAZYPHOTOS_OBJECTS_DIR: join(folder, 'objects'),
    LAZYPHOTOS_DATA_DIR: folder,
    LAZYPHOTOS_KEYS_DIR: join(folder, 'keys'),
    LAZYPHOTOS_SCRATCH_DIR: folder,
    LAZYPHOTOS_MEDIA_SIGNING_KEY: randomBytes(32).toString('hex'),
    LAZYPHOTOS_AUTH_URL: urlOf('auth'),
    LAZYPHOTOS_UPLOAD_URL: urlOf('upload'),
    LAZYPHOTOS_CATALOG_URL: urlOf('catalog'),
    LAZYPHOTOS_FEED_URL: urlOf('feed'),
    LAZYPHOTOS_MEDIA_WORKER_URL: urlOf('media-worker'),
  };
  const children = new Map<ServiceName, ChildProcess>();

  const start = async (name: ServiceName): Promise<void> => {
    const env = {
      ...all,
      LAZYPHOTOS_PORT: String(ports.get(name)),
      LAZYPHOTOS_DATABASE_URL: databases.get(name)?.url ?? '',
    };
    const main = join(repository, 'services', name, 'dist/main.js');
    children.set(name, spawn(process.execPath, [main], { env: cleanEnvironment(env), stdio: 'ignore' }));
  };
  const end = (name: ServiceName, signal: NodeJS.Signals): Promise<void> =>
    new Promise((resolve) => {
      const child = children.get(name);
      children.delete(name);
      if (!child || child.exitCode !== null) return resolve();
      child.once('close', () => resolve());
      child.kill(signal);
    });

  for (const name of serviceNames) await start(name);
  return {
    url: urlOf('gateway'),
    claimCode: async () => (await readFile(join(folder, 'claim-code.txt'), 'utf8')).trim(),
    kill: (name) => end(name, 'SIGKILL'),
    start,
    ready: () =>
      eventually(
        async () => {
          const reply = await http(`${urlOf('gateway')}/health/ready`);
          if (reply.status !== 200) throw new Error(reply.text);
        },
        { timeoutMs: 60_000 },
      ),
    remove: async () => {
      await Promise.all(serviceNames.map((name) => end(name, 'SIGTERM')));
      for (const database of [bus, ...databases.values()]) await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
