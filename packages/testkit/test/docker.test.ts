import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually, freePort } from '../src/index.js';
import { MINIO_IMAGE } from '../src/minio.js';
import { openRabbitMq, RABBITMQ_IMAGE } from '../src/rabbitmq.js';
import { DockerServer, hasImage } from '../src/servers/docker-server.js';
import { listens } from './helpers.js';

const FAKE = join(import.meta.dirname, 'fixtures/fake-docker.mjs');
const path = process.env.PATH;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazyphotos-docker-'));
  await writeFile(join(folder, 'docker'), `#!/bin/sh\nexec "${process.execPath}" "${FAKE}" "$@"\n`);
  await chmod(join(folder, 'docker'), 0o755);
  process.env.PATH = `${folder}:${path}`;
  process.env.FAKE_DOCKER_DIR = folder;
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(async () => {
  jest.restoreAllMocks();
  process.env.PATH = path;
  delete process.env.FAKE_DOCKER_DIR;
  await rm(folder, { recursive: true });
});

const silent = (url: string) => eventually(async () => expect(await listens(url)).toBe(false));
const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');

describe('a server in a container', () => {
  it('is published on one loopback port until it is removed, and stays between a kill and the next start', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const server = new DockerServer({
      url,
      image: 'minio/minio:1',
      ports: { inside: 9000, here: port },
      env: { MINIO_BROWSER: 'off' },
      args: ['server', '/data'],
      isReady: () => listens(url),
    });
    await server.start();
    await server.kill();
    await silent(url);
    await server.start();
    expect(await listens(url)).toBe(true);
    await server.shutDown();
    await silent(url);
    await server.start();
    await server.end();
    await silent(url);
    const run = `run --detach --publish 127.0.0.1:${port}:9000 --env MINIO_BROWSER=off minio/minio:1 server /data`;
    const life = [run, 'kill c0ffee', 'start c0ffee', 'stop c0ffee', 'start c0ffee'];
    const polls = /^inspect/;
    expect((await calls()).filter((call) => !polls.test(call))).toEqual([
      ...life,
      'rm --force --volumes c0ffee',
    ]);
  });

  it('that ends is an error with its log', async () => {
    const server = await openRabbitMq(folder, { kind: 'docker', image: 'broken' });
    const { port } = new URL(server.url);
    const { port: apiPort } = new URL(String(server.apiUrl));
    await expect(server.start()).rejects.toThrow('broken ended:\nno space left');
    await server.end();
    const [run, ...rest] = await calls();
    expect(run).toBe(
      `run --detach --publish 127.0.0.1:${port}:5672 --publish 127.0.0.1:${apiPort}:15672 ` +
        '--env RABBITMQ_DEFAULT_USER=lazyphotos --env RABBITMQ_DEFAULT_PASS=lazyphotos ' +
        '--env RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-rabbit quorum_tick_interval 200 broken ' +
        'sh -c rabbitmq-plugins enable --offline rabbitmq_management && exec docker-entrypoint.sh rabbitmq-server',
    );
    expect(rest.at(-1)).toBe('rm --force --volumes c0ffee');
  });
});

describe('an image', () => {
  it('is the one that is deployed', async () => {
    const compose = await readFile(join(import.meta.dirname, '../../../docker-compose.arm64.yml'), 'utf8');
    expect(compose).toContain(`:-${RABBITMQ_IMAGE}}`);
    expect(compose).toContain(`:-${MINIO_IMAGE}}`);
  });

  it('is fetched once', async () => {
    expect([await hasImage('rabbitmq:1'), await hasImage('rabbitmq:1')]).toEqual([true, true]);
    expect((await calls()).filter((call) => call.startsWith('pull'))).toEqual(['pull --quiet rabbitmq:1']);
  });

  it('is not there when no registry has it, or no engine responds', async () => {
    expect(await hasImage('unknown:1')).toBe(false);
    await writeFile(join(folder, 'docker'), '#!/bin/sh\necho Cannot connect to the Docker daemon\nexit 1\n');
    expect(await hasImage('rabbitmq:1')).toBe(false);
  });
});
