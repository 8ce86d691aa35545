import { createPrivateKey, createPublicKey } from 'node:crypto';
import { appendFile, chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { repository, run } from '@lazyphotos/testkit';
import { createMachine, type Machine, setupProgram } from './set-up.js';

const snake = (service: string) => service.replaceAll('-', '_');
const upper = (service: string) => snake(service).toUpperCase();

describe('scripts/setup', () => {
  let machine: Machine;

  beforeEach(async () => {
    machine = await createMachine();
  });

  afterEach(() => machine.remove());

  const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
  const replaceInEnv = async (from: RegExp, to: string) => {
    const content = await readFile(machine.envFile, 'utf8');
    expect(content).toMatch(from);
    await writeFile(machine.envFile, content.replace(from, to));
  };

  test('writes .env for its owner only, and secrets that only containers can read', async () => {
    await machine.forcedSetup('--public-url', 'http://photos.home:8080/');
    expect(await modeOf(machine.envFile)).toBe(0o600);
    expect(await modeOf(join(machine.dataPath, 'secrets'))).toBe(0o700);
    for (const name of Object.keys(await machine.secrets())) {
      expect(await modeOf(join(machine.dataPath, 'secrets', name))).toBe(0o444);
    }
    expect(await machine.env()).toMatchObject({
      COMPOSE_FILE: 'docker-compose.arm64.yml',
      LAZYPHOTOS_DATA_PATH: machine.dataPath,
      LAZYPHOTOS_PUBLIC_URL: 'http://photos.home:8080',
      LAZYPHOTOS_PORT: '8080',
    });
    expect(await readdir(machine.folder)).toEqual(['.env', 'data']);
  });

  test('makes the data folders for the user of the containers alone', async () => {
    await machine.forcedSetup();
    const { LAZYPHOTOS_USER = '' } = await machine.env();
    for (const name of ['postgres', 'rabbitmq', 'minio', 'auth', 'scratch']) {
      const { uid, gid, mode } = await stat(join(machine.dataPath, name));
      expect({ name, owner: `${uid}:${gid}`, mode: mode & 0o777 }).toEqual({
        name,
        owner: LAZYPHOTOS_USER,
        mode: 0o700,
      });
    }
  });

  test('makes a secret of its own for everything, and keys that belong together', async () => {
    await machine.forcedSetup();
    const env = await machine.env();
    const generated = Object.entries(env).filter(([name]) => /(PASSWORD|_KEY|_KEY_ID|_USER)$/.test(name));
    const values = generated.map(([, value]) => value).filter((value) => value.length > 12);
    expect(values.length).toBeGreaterThan(20);
    expect(new Set(values).size).toBe(values.length);

    const peers = (env.LAZYPHOTOS_PEER_KEYS ?? '').split(',').map((entry) => entry.split(/=(.*)/s, 2));
    const own = SERVICE_NAMES.map((name) => {
      const key = Buffer.from(env[`${upper(name)}_SERVICE_KEY`] ?? '', 'base64');
      const publicKey = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
      expect(publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
      return [name, publicKey.export({ format: 'der', type: 'spki' }).toString('base64')];
    });
    expect(peers.sort()).toEqual(own.sort());
  });

  test('changes nothing when it is run again', async () => {
    await machine.forcedSetup();
    const before = [await readFile(machine.envFile, 'utf8'), await machine.secrets()];
    await machine.forcedSetup();
    expect([await readFile(machine.envFile, 'utf8'), await machine.secrets()]).toEqual(before);
  });

  test('keeps what stands in .env, says so, and adds what a new version wants', async () => {
    await machine.forcedSetup('--public-url', 'http://first');
    const before = await machine.env();
    await replaceInEnv(/^FEED_DATABASE_PASSWORD=.*\n/m, '');
    await appendFile(machine.envFile, '# mine\nLAZYPHOTOS_TRASH_DAYS=7\n');
    const { stdout } = await machine.setup('--force', '--public-url', 'http://second');
    expect(stdout).toContain('LAZYPHOTOS_PUBLIC_URL stays http://first');
    const { FEED_DATABASE_PASSWORD, ...rest } = await machine.env();
    expect(FEED_DATABASE_PASSWORD).toMatch(/^\w{48}$/);
    expect({ ...before, LAZYPHOTOS_TRASH_DAYS: '7' }).toEqual({
      ...rest,
      FEED_DATABASE_PASSWORD: before.FEED_DATABASE_PASSWORD,
    });
    expect(await readFile(machine.envFile, 'utf8')).toContain('# mine');
  });

  test('brings the secrets up to date with a changed .env', async () => {
    await machine.forcedSetup();
    const before = await machine.env();
    await replaceInEnv(/^CATALOG_DATABASE_PASSWORD=.*$/m, 'CATALOG_DATABASE_PASSWORD="a.new-password"');
    await replaceInEnv(/^UPLOAD_SERVICE_KEY=.*\n/m, '');
    await machine.forcedSetup();
    const after = await machine.env();
    expect(after.UPLOAD_SERVICE_KEY).not.toBe(before.UPLOAD_SERVICE_KEY);
    expect(after.LAZYPHOTOS_PEER_KEYS).not.toBe(before.LAZYPHOTOS_PEER_KEYS);
    expect(after.LAZYPHOTOS_PEER_KEYS?.split(',')).toHaveLength(SERVICE_NAMES.length);
    const secrets = await machine.secrets();
    expect(secrets.upload_service_key?.trim()).toBe(after.UPLOAD_SERVICE_KEY);
    expect(secrets.catalog_database_url?.trim()).toBe(
      'postgresql://lazyphotos_catalog:a.new-password@postgres:5432/catalog',
    );
  });

  test('with --domain only Caddy is reached from outside', async () => {
    await machine.forcedSetup('--domain', 'photos.example.org', '--profiles', 'monitoring');
    expect(await machine.env()).toMatchObject({
      COMPOSE_PROFILES: 'tls,monitoring',
      LAZYPHOTOS_SITE: 'photos.example.org',
      LAZYPHOTOS_PUBLIC_URL: 'https://photos.example.org',
      LAZYPHOTOS_HOST: '127.0.0.1',
    });
  });

  test('--check looks, and leaves nothing behind', async () => {
    const { stdout } = await machine.setup('--check');
    expect(stdout).toMatch(/64-bit/);
    expect(stdout).toMatch(/MiB of memory/);
    expect(await readdir(machine.folder)).toEqual([]);
  });

  test('a machine without Docker gets a message, and nothing else unless forced', async () => {
    const failing = join(machine.folder, 'bin');
    await mkdir(failing);
    await writeFile(join(failing, 'docker'), '#!/bin/sh\nexit 1\n');
    await chmod(join(failing, 'docker'), 0o755);
    const args = ['--env-file', machine.envFile, '--data-path', machine.dataPath, '--yes'];
    const { code, stdout } = await run(setupProgram, args, { PATH: `${failing}:${process.env.PATH}` });
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED {3}Docker does not respond/);
    expect(stdout).toMatch(/FAILED {3}Docker Compose .* is missing/);
    expect(await readdir(machine.folder)).toEqual(['bin']);
  });

  test('does not make new passwords for a database that has others', async () => {
    await mkdir(join(machine.dataPath, 'postgres/18'), { recursive: true });
    const { code, stdout } = await machine.setup('--yes');
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED {3}.* holds a node, but .* has no passwords for it/);
    expect(await readdir(machine.folder)).toEqual(['data']);
  });

  test('refuses a password that would not stand in a URL as it is', async () => {
    await machine.forcedSetup();
    await replaceInEnv(/^RABBITMQ_PASSWORD=.*$/m, "RABBITMQ_PASSWORD='with@sign and blank'");
    const before = await machine.secrets();
    const { code, stderr } = await machine.setup('--force', '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('RABBITMQ_PASSWORD');
    expect(stderr).not.toContain('with@sign');
    expect(await machine.secrets()).toEqual(before);
  });

  test.each([
    ['an unknown option', ['--bogus'], '--bogus'],
    ['an option without its value', ['--port'], '--port'],
    ['a word too many', ['now'], 'now'],
    ['a relative path', ['--data-path', 'data'], '--data-path'],
    ['a URL of another kind', ['--public-url', 'ftp://x'], '--public-url'],
    ['a port that is none', ['--port', 'http'], '--port'],
    ['an unknown profile', ['--profiles', 'tls,magic'], 'magic'],
  ])('%s is an error of usage', async (_what, options, named) => {
    const { code, stderr } = await run(setupProgram, options, {}, repository);
    expect(code).toBe(2);
    expect(stderr).toContain(named);
    expect(stderr).toContain('--help');
  });

  test('refuses a path that shells and Compose would read in different ways', async () => {
    const options = [
      '--env-file',
      machine.envFile,
      '--data-path',
      `${machine.folder}/it's`,
      '--force',
      '--yes',
    ];
    const { code, stderr } = await run(setupProgram, options, {});
    expect(code).toBe(1);
    expect(stderr).toContain('LAZYPHOTOS_DATA_PATH');
    expect(await readdir(machine.folder)).toEqual([]);
  });

  test('--help lists its options', async () => {
    const { code, stdout } = await run(setupProgram, ['--help'], {});
    expect(code).toBe(0);
    for (const option of ['--data-path', '--public-url', '--check', '--yes'])
      expect(stdout).toContain(option);
  });
});
