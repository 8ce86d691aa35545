import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeWithPostgres, type Listening, listen, startMinio, startRabbitMq } from '../src/index.js';
import { foundSources } from '../src/servers/sources.js';
import { listens } from './helpers.js';

const PACKAGE = dirname(import.meta.dirname);
const JEST = join(PACKAGE, '../../node_modules/jest/bin/jest.js');
const VARIABLES = [
  'LAZYPHOTOS_TEST_SERVERS',
  'LAZYPHOTOS_TEST_RABBITMQ_URL',
  'LAZYPHOTOS_TEST_S3_URL',
] as const;

describe('a server that was given by its environment variable', () => {
  const before = VARIABLES.map((name) => process.env[name]);
  let server: Listening;
  beforeEach(async () => {
    server = await listen((_request, response) => response.end());
    process.env.LAZYPHOTOS_TEST_SERVERS = '';
  });
  afterEach(async () => {
    await server.close();
    for (const [index, name] of VARIABLES.entries()) {
      delete process.env[name];
      if (before[index] !== undefined) process.env[name] = before[index];
    }
  });

  it('is taken, and left alone: RabbitMQ', async () => {
    const url = `amqp://me:secret@127.0.0.1:${server.port}`;
    process.env.LAZYPHOTOS_TEST_RABBITMQ_URL = url;
    const rabbitMq = await startRabbitMq();
    expect(rabbitMq).toMatchObject({ url, canRestart: false });
    for (const act of ['kill', 'shutDown', 'restart', 'queues'] as const) {
      await expect(rabbitMq[act]()).rejects.toThrow('this RabbitMQ is shared');
    }
    await rabbitMq.stop();
    expect(await listens(server.url)).toBe(true);
  });

  it('is taken, and left alone: MinIO', async () => {
    process.env.LAZYPHOTOS_TEST_S3_URL = `http://me:s%2Fcret@127.0.0.1:${server.port}`;
    const minio = await startMinio();
    const access = { endpoint: server.url, accessKeyId: 'me', secretAccessKey: 's/cret' };
    expect(minio).toMatchObject({ ...access, canRestart: false });
    for (const act of ['kill', 'shutDown', 'restart'] as const) {
      await expect(minio[act]()).rejects.toThrow('this MinIO is shared');
    }
    await minio.stop();
    expect(await listens(server.url)).toBe(true);
  });
});

describeWithPostgres('a machine where a server is not to be had', () => {
  // One that listens on the default port would be found.
  const unlessListening = foundSources().minio?.kind === 'shared' ? it.skip : it;
  let cache: string;
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'lazyphotos-availability-'));
  });
  afterEach(() => rm(cache, { recursive: true }));

  /** A jest run on a machine without any program. */
  function jest(env: Record<string, string>): Promise<{ code: unknown; output: string }> {
    const config = {
      rootDir: PACKAGE,
      testMatch: ['<rootDir>/test/fixtures/needs-minio.mjs'],
      transform: {},
      globalSetup: '<rootDir>/dist/jest/global-setup.js',
      globalTeardown: '<rootDir>/dist/jest/global-teardown.js',
    };
    const node = ['--experimental-vm-modules', '--no-warnings', JEST];
    const args = [...node, '--config', JSON.stringify(config), 'needs-minio'];
    const postgres = { LAZYPHOTOS_TEST_POSTGRES_URL: process.env.LAZYPHOTOS_TEST_POSTGRES_URL ?? '' };
    const machine = { PATH: '/nowhere', HOME: cache, XDG_CACHE_HOME: cache, ...postgres };
    return new Promise((resolve) => {
      execFile(process.execPath, args, { env: { ...machine, ...env } }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, output: stdout + stderr }),
      );
    });
  }

  unlessListening('skips the suites that need it, and says why', async () => {
    const { code, output } = await jest({});
    expect(output).toMatch(/^No MinIO for tests: .+$/m);
    expect(output).toMatch(/^Suites that need it are skipped\.$/m);
    expect(output).toMatch(/^Tests: +1 skipped, 1 total$/m);
    expect(code).toBe(0);
  });

  unlessListening('fails in CI', async () => {
    const { code, output } = await jest({ CI: 'true' });
    expect(output).toMatch(/No MinIO for tests: /);
    expect(code).toBe(1);
  });
});
