import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Listening, listen, startMinio, startRabbitMq } from '../src/index.js';
import { findMinio } from '../src/minio.js';
import { findRunningPostgres } from '../src/postgres.js';
import { listens } from './helpers.js';

const PACKAGE = dirname(import.meta.dirname);
const ROOT = join(PACKAGE, '../..');
const JEST = join(ROOT, 'node_modules/jest/bin/jest.js');
const { default: ownConfig } = await import(join(ROOT, 'scripts/jest.config.mjs'));
/** A run that does not end by itself is ended, and has no code. */
const HANG_MS = 300_000;
const VARIABLES = ['LAZYPHOTOS_TEST_RUN', 'LAZYPHOTOS_TEST_RABBITMQ_URL', 'LAZYPHOTOS_TEST_S3_URL'] as const;

describe('a server that was given by its environment variable', () => {
  const before = VARIABLES.map((name) => process.env[name]);
  let server: Listening;
  beforeEach(async () => {
    server = await listen((_request, response) => response.end());
    process.env.LAZYPHOTOS_TEST_RUN = '';
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

describe('a jest run on a machine without any program', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'lazyphotos-availability-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  function jest(files: string, env: Record<string, string> = {}): Promise<{ code: unknown; output: string }> {
    const config = {
      rootDir: PACKAGE,
      testMatch: [`<rootDir>/test/fixtures/${files}`],
      transform: {},
      globalSetup: '<rootDir>/dist/jest/global-setup.js',
      globalTeardown: '<rootDir>/dist/jest/global-teardown.js',
      setupFilesAfterEnv: ownConfig.projects[0].setupFilesAfterEnv.map((file: string) =>
        file.replace('<rootDir>', ROOT),
      ),
      maxWorkers: 2,
      ...(env.TEST_GROUP ? { globals: { TEST_GROUP: env.TEST_GROUP } } : {}),
    };
    const node = ['--experimental-vm-modules', '--no-warnings', JEST];
    const machine = { PATH: '/nowhere', HOME: home, XDG_CACHE_HOME: home, TMPDIR: home };
    return new Promise((resolve) => {
      const args = [...node, '--config', JSON.stringify(config)];
      execFile(
        process.execPath,
        args,
        { env: { ...machine, ...env }, timeout: HANG_MS },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }),
      );
    });
  }

  it('skips the suites that miss a server or a tool, and says once how to get each', async () => {
    if ((await findMinio()).kind === 'shared') return; // one that listens on the default port would be found
    const { code, output } = await jest('needs-minio.mjs');
    const lines = output.split('\n').filter((line) => line.startsWith('No '));
    expect(lines.sort()).toEqual([
      expect.stringMatching(
        /^No MinIO for tests: suites that need it are skipped\. .*npm test -- --install-servers/,
      ),
      expect.stringMatching(/^No kustomize for tests: suites .* skipped\. .*npm test -- --install-servers/),
    ]);
    expect(output).toMatch(/^Tests: +3 skipped, 3 total$/m);
    expect(code).toBe(0);
    expect(await readdir(home)).not.toContain('lazyphotos'); // where tools are built
  });

  it.each([{ CI: 'true' }, { LAZYPHOTOS_TEST_INSTALL: 'true' }])(
    'tries to build what is missing with %j',
    async (env) => {
      if ((await findMinio()).kind === 'shared') return;
      const { code, output } = await jest('needs-minio.mjs', env);
      const inCi = 'CI' in env;
      // It tries, and cannot: this machine has neither Go nor Python nor a shell.
      expect(output).toMatch(/^Installing Python from Debian's packages|^No MinIO for tests: .*python3/m);
      expect(output).toMatch(
        inCi
          ? /^No MinIO for tests: suites that need it fail\. /m
          : /^No MinIO for tests: .* are skipped\. /m,
      );
      expect(output).toMatch(
        inCi ? /^Tests: +2 failed, 1 passed, 3 total$/m : /^Tests: +2 skipped, 1 passed, 3 total$/m,
      );
      if (inCi) expect(output).toMatch(/^\s+no minio for tests: /m);
      expect(code).toBe(inCi ? 1 : 0);
    },
  );

  it('starts one PostgreSQL for files that ask for it at once, and leaves nothing behind', async () => {
    if ((await findRunningPostgres()) && !process.env.LAZYPHOTOS_TEST_RUN) return;
    const { code, output } = await jest('shared-postgres/*.mjs');
    const ports = output.match(/PostgreSQL: \d+/g) ?? [];
    expect(ports).toHaveLength(2);
    expect(new Set(ports).size).toBe(1);
    expect(code).toBe(0);
    const port = ports[0]?.split(' ')[1];
    expect(await listens(`http://127.0.0.1:${port}`)).toBe(port === '5432');
    expect((await readdir(home)).filter((name) => name.startsWith('lazyphotos-'))).toEqual([]);
  });

  it('ends when a test fails that has not ended what it started', async () => {
    const { code, output } = await jest('fails-half-way.mjs');
    expect(output).toMatch(/^Tests: +1 failed, 1 total$/m);
    expect(code).toBe(1);
  });

  it('refuses a suite with servers in a file of the unit tests', async () => {
    const { code, output } = await jest('needs-minio.mjs', { TEST_GROUP: 'unit' });
    expect(output).toMatch('this file needs servers: scripts/test-groups.mjs must not have it in UNIT');
    expect(code).toBe(1);
  });
});
