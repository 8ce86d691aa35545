import { execFileSync } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PostgresStartError, startPostgres } from '../src/index.js';
import { findBinaries } from '../src/programs.js';
import { newDataDir, postmasterPid, query, start } from './helpers.js';

const isRoot = process.getuid?.() === 0;

describe('startPostgres', () => {
  it('creates a durable database that only this machine can reach', async () => {
    const dataDir = await newDataDir();
    const server = await startPostgres({ dataDir });

    const settings = await query<{ name: string; setting: string }>(
      server,
      'SELECT name, setting FROM pg_settings',
    );
    const setting = Object.fromEntries(settings.map((row) => [row.name, row.setting]));
    expect(setting).toMatchObject({
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      data_checksums: 'on',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      port: String(server.port),
      max_connections: '60',
      server_encoding: 'UTF8',
    });
    expect(server).toMatchObject({ host: '127.0.0.1', adopted: false });
    expect(server.port).not.toBe(5432);
    await server.stop();
  });

  it('listens on the wanted port, and on another one when that is taken', async () => {
    const first = await start(await newDataDir());
    const { port } = first;
    const second = await start(await newDataDir(), { port });
    expect(second.port).not.toBe(port);
    await first.stop();
    const third = await start(await newDataDir(), { port });
    expect(third.port).toBe(port);
    await second.stop();
    await third.stop();
  });

  it('requires the password, which is in a file that only its owner can read', async () => {
    const dataDir = await newDataDir();
    const server = await start(dataDir);
    const file = `${dataDir}.password`;
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file, 'utf8')).trim()).toBe(server.password);

    const stranger = { ...server, url: () => server.url('postgres').replace(server.password, 'guess') };
    await expect(query(stranger as never, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    await server.stop();
  });

  it('keeps the data from one start to the next, and applies new settings', async () => {
    const dataDir = await newDataDir();
    const first = await start(dataDir);
    await first.ensureDatabase('lazy photos');
    await first.ensureDatabase('lazy photos');
    await query(first, 'CREATE TABLE kept AS SELECT 42 AS answer', 'lazy photos');
    await first.stop();
    expect(await first.isAlive()).toBe(false);

    const second = await start(dataDir, { settings: { fsync: 'off', work_mem: '5MB' } });
    expect(await query(second, 'SELECT answer FROM kept', 'lazy photos')).toEqual([{ answer: 42 }]);
    expect(await query(second, 'SHOW work_mem')).toEqual([{ work_mem: '5MB' }]);
    expect(second.adopted).toBe(false);
    await second.stop();
    await second.stop();
  });

  it('creates databases for concurrent callers', async () => {
    const server = await start(await newDataDir());
    await Promise.all(Array.from({ length: 4 }, () => server.ensureDatabase('same')));
    expect(await query(server, 'SELECT 1 AS one', 'same')).toEqual([{ one: 1 }]);
    await server.stop();
  });

  it('starts again on the same port after the server died', async () => {
    const dataDir = await newDataDir();
    const server = await start(dataDir);
    const port = server.port;
    process.kill(await postmasterPid(dataDir), 'SIGKILL');
    await server.ensureRunning();
    expect(await server.isAlive()).toBe(true);
    expect(server.port).toBe(port);
    await server.stop();
  });
});

describe('fails with one line for', () => {
  it('a folder with other things in it', async () => {
    const dataDir = await newDataDir();
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'holiday.jpg'), '');
    await expect(start(dataDir)).rejects.toMatchObject({
      name: 'PostgresStartError',
      code: 'failed',
      message: `${dataDir} is not empty and does not contain a PostgreSQL database`,
    });
  });

  it('a database of another version', async () => {
    const dataDir = await newDataDir();
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'PG_VERSION'), '15\n');
    await expect(start(dataDir)).rejects.toThrow(
      'holds a database of PostgreSQL 15, and this is PostgreSQL 18',
    );
  });

  it('a setting that PostgreSQL refuses, with its log as the detail', async () => {
    const started = start(await newDataDir(), { settings: { work_mem: 'much' } });
    await expect(started).rejects.toMatchObject({
      code: 'failed',
      detail: expect.stringContaining('invalid value for parameter "work_mem": "much"'),
    });
  });

  it('a platform without binaries', async () => {
    await expect(findBinaries('linux', 'arm')).rejects.toMatchObject({
      code: 'unsupported_platform',
      message: 'There is no PostgreSQL for linux-arm; a Raspberry Pi needs the 64-bit system',
    });
  });

  it('a path that is a file', async () => {
    const dataDir = await newDataDir();
    await writeFile(dataDir, '');
    await expect(start(join(dataDir, 'below'))).rejects.toBeInstanceOf(PostgresStartError);
  });

  (isRoot && canMount() ? it : it.skip)('a full disk', async () => {
    const dataDir = await newDataDir();
    const disk = dirname(dataDir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m,mode=755', 'none', disk]);
    try {
      await expect(start(dataDir)).rejects.toMatchObject({
        code: 'disk_full',
        message: 'Creating the database failed: the disk is full',
      });
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

(isRoot ? describe : describe.skip)('as root', () => {
  it('runs as an ordinary user, also below a folder that only root may enter', async () => {
    const closed = await newDataDir('/root');
    const server = await start(join(closed, 'data', 'postgres'));
    expect(await query(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await stat(join(closed, 'data', 'postgres'))).uid).not.toBe(0);
    await server.stop();
  });

  it('takes over data that root has restored from a backup', async () => {
    const dataDir = await newDataDir();
    await (await start(dataDir)).stop();
    execFileSync('chown', ['-R', 'root:root', dataDir]);
    execFileSync('chmod', ['755', dataDir]);
    const server = await start(dataDir);
    expect(await server.isAlive()).toBe(true);
    await server.stop();
  });

  it('runs as the ordinary user who owns the data', async () => {
    const dataDir = await newDataDir();
    await (await start(dataDir)).stop();
    execFileSync('chown', ['-R', '12345:12345', dataDir, `${dataDir}.log`]);
    const server = await start(dataDir);
    expect((await stat(join(dataDir, 'postmaster.pid'))).uid).toBe(12345);
    await server.stop();
  });
});

/** Returns whether this process may mount; in a container it usually may not. */
function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
