import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort, run } from '@lazyphotos/testkit';
import { nodeMain } from './support/node-process.js';

/** What cannot work must end at once, with a code that is not 0 and a line that says what to mend. */
let folder: string;
const canMount = process.platform === 'linux' && process.getuid?.() === 0;

const start = async (env: Record<string, string>, cwd = folder) => {
  const ports = { LAZYPHOTOS_PORT: String(await freePort()), LAZYPHOTOS_METRICS_PORT: '0' };
  return run(
    process.execPath,
    [nodeMain],
    { LAZYPHOTOS_DATA_DIR: join(folder, 'data'), ...ports, ...env },
    cwd,
  );
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazyphotos-start-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a start that cannot work', () => {
  test.each([
    ['LAZYPHOTOS_PORT', 'eighty'],
    ['LAZYPHOTOS_PORT', '70000'],
    ['LAZYPHOTOS_PUBLIC_URL', 'ftp://example.org'],
    ['LAZYPHOTOS_REGISTRATION', 'sometimes'],
    ['LAZYPHOTOS_NO_SUCH_SETTING', '1'],
  ])('%s=%s is named', async (name, value) => {
    const { code, stderr } = await start({ [name]: value });
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(name)]);
  });

  test('an unknown or malformed line of a .env file is named', async () => {
    const cwd = join(folder, 'dotenv');
    await mkdir(cwd);
    await writeFile(join(cwd, '.env'), 'LAZYPHOTOS_TRASH_DAYS=soon\nPHOTO_FOLDER=/x\n');
    const unknown = await start({}, cwd);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('PHOTO_FOLDER') });
    await writeFile(join(cwd, '.env'), 'LAZYPHOTOS_TRASH_DAYS=soon\n');
    expect(await start({}, cwd)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('LAZYPHOTOS_TRASH_DAYS'),
    });
  });

  test('a port in use', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    try {
      const main = await start({ LAZYPHOTOS_PORT: String(port) });
      expect(main.code).toBe(1);
      expect(main.stderr.trim()).toMatch(new RegExp(`^lazyphotos: Port ${port} is in use.*LAZYPHOTOS_PORT`));
      const metrics = await start({ LAZYPHOTOS_METRICS_PORT: String(port) });
      expect(metrics.code).toBe(1);
      expect(metrics.stderr.trim()).toMatch(
        new RegExp(`^lazyphotos: Port ${port} is in use.*LAZYPHOTOS_METRICS_PORT`),
      );
    } finally {
      server.close();
    }
  });

  test('pictures from S3, where they are files', async () => {
    const { code, stderr } = await start({ MEDIA_DELIVERY: 'presigned' });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^lazyphotos: MEDIA_DELIVERY=presigned needs S3/),
    ]);
  });

  test('a data folder that cannot be one', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, 'x');
    // Below /proc nothing can be made, also not by root.
    for (const path of [
      file,
      join(file, 'below'),
      ...(process.platform === 'linux' ? ['/proc/lazyphotos/data'] : []),
    ]) {
      const { code, stderr } = await start({ LAZYPHOTOS_DATA_DIR: path });
      expect(code).toBe(1);
      expect(stderr.trim().split('\n')).toEqual([
        expect.stringContaining(`The data folder ${path} cannot be used`),
      ]);
    }
  });

  (canMount ? test : test.skip)('a read-only and a full disk', async () => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
    try {
      const full = await start({ LAZYPHOTOS_DATA_DIR: join(disk, 'data') });
      expect(full.code).toBe(1);
      expect(full.stderr.trim().split('\n')).toEqual([expect.stringMatching(/disk .* is full/)]);
      execFileSync('mount', ['-o', 'remount,ro', disk]);
      const readOnly = await start({ LAZYPHOTOS_DATA_DIR: join(disk, 'other') });
      expect(readOnly.code).toBe(1);
      expect(readOnly.stderr.trim().split('\n')).toEqual([expect.stringContaining('cannot be used')]);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});
