import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { forkNode, newDataDir, otherNode, postmasterPid, query, start, until } from './helpers.js';

/** What each kind of crash leaves behind, and how the next start handles it. */
describe('recovery', () => {
  it('adopts the running server of a node that was killed', async () => {
    const dataDir = await newDataDir();
    const node = await otherNode(dataDir);
    await node.kill();

    const server = await start(dataDir);
    expect(server).toMatchObject({ adopted: true, port: node.port });
    expect(await query(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    expect(await server.isAlive()).toBe(false);
  });

  it('starts after all processes were killed at once', async () => {
    const dataDir = await newDataDir();
    const node = await otherNode(dataDir);
    const server = await start(dataDir);
    await query(server, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await killServer(dataDir);
    await node.kill();

    const again = await start(dataDir);
    expect(again.adopted).toBe(false);
    expect(await query(again, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await again.stop();
  });

  it('starts although another program now has the pid of the dead server', async () => {
    const dataDir = await newDataDir();
    await (await start(dataDir)).stop();
    const stranger = spawn('sleep', ['60']);
    try {
      await writePidFile(dataDir, stranger.pid ?? 0);
      const server = await start(dataDir);
      expect(server.adopted).toBe(false);
      expect(await postmasterPid(dataDir)).not.toBe(stranger.pid);
      expect(stranger.exitCode).toBeNull();
      await server.stop();
    } finally {
      stranger.kill();
    }
  });

  it('starts although the PostgreSQL of another folder has that pid', async () => {
    const [dataDir, otherDir] = [await newDataDir(), await newDataDir()];
    await (await start(dataDir)).stop();
    const other = await start(otherDir);
    await writePidFile(dataDir, await postmasterPid(otherDir));

    const server = await start(dataDir);
    expect(server.adopted).toBe(false);
    expect(await other.isAlive()).toBe(true);
    await server.stop();
    await other.stop();
  });

  it('creates the database again when the first start was killed half-way', async () => {
    const dataDir = await killedInFirstStart();
    const server = await start(dataDir);
    expect(await query(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    await (await start(dataDir)).stop();
  });

  it('removes what a killed initdb left behind', async () => {
    const dataDir = await newDataDir();
    const leftover = join(dirname(dataDir), 'postgres.init-0123456789ab');
    await writeFile(leftover, '');
    await (await start(dataDir)).stop();
    expect((await readdir(dirname(dataDir))).sort()).toEqual([
      'postgres',
      'postgres.lock',
      'postgres.log',
      'postgres.password',
    ]);
  });

  it('waits for the backends of a killed postmaster, and kills one that runs a long statement', async () => {
    const dataDir = await newDataDir();
    const server = await start(dataDir);
    // Stays busy in the processor, where a backend does not notice that its postmaster is gone.
    const long = query(server, 'SELECT count(*) FROM generate_series(1, 1e12::bigint)').catch(() => 'ended');
    await until(async () => {
      const [row] = await query<{ busy: number }>(
        server,
        `SELECT count(*)::int AS busy FROM pg_stat_activity
          WHERE state = 'active' AND query LIKE '%generate_series%' AND pid <> pg_backend_pid()`,
      );
      return row?.busy === 1;
    });
    process.kill(await postmasterPid(dataDir), 'SIGKILL');

    const again = await start(dataDir);
    expect(again.adopted).toBe(false);
    expect(await long).toBe('ended');
    expect(await again.isAlive()).toBe(true);
    await again.stop();
  });

  it('sets a new password when the file is lost, with the server stopped or alive', async () => {
    const dataDir = await newDataDir();
    const first = await start(dataDir);
    await first.stop();
    await rm(`${dataDir}.password`);
    const second = await start(dataDir);
    expect(second.password).not.toBe(first.password);

    await writeFile(`${dataDir}.password`, ''); // as a power cut may leave the file
    const third = await start(dataDir);
    expect(third).toMatchObject({ adopted: false });
    expect(await third.isAlive()).toBe(true);
    await third.stop();
  });

  it('lets only one of several starts create the database; the others adopt it', async () => {
    const dataDir = await newDataDir();
    const servers = await Promise.all([start(dataDir), start(dataDir), start(dataDir)]);
    expect(new Set(servers.map((server) => server.port)).size).toBe(1);
    expect(servers.filter((server) => server.adopted)).toHaveLength(2);
    await servers[0]?.stop();
  });
});

/**
 * Kills a node while the initdb of its first start runs, and returns the data folder. On a busy machine the kill may come too
 * late: then it tries again.
 */
async function killedInFirstStart(): Promise<string> {
  for (;;) {
    const dataDir = await newDataDir();
    const parent = dirname(dataDir);
    const node = forkNode(dataDir);
    const left = once(node, 'exit');
    await until(async () =>
      (await readdir(parent, { recursive: true })).some((name) =>
        /^postgres($|\.init-.*\/PG_VERSION)/.test(name),
      ),
    );
    node.kill('SIGKILL');
    await left;
    if (!(await readdir(parent)).includes('postgres')) return dataDir;
  }
}

async function killServer(dataDir: string): Promise<void> {
  const postmaster = await postmasterPid(dataDir);
  const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
  const pids = (children.match(/\d+/g) ?? []).map(Number);
  for (const pid of [postmaster, ...pids]) killIfAlive(pid);
}

/** Kills a process, if it still runs: PostgreSQL's children end soon after their parent. */
function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function writePidFile(dataDir: string, pid: number): Promise<void> {
  const lines = [pid, dataDir, 1_700_000_000, 54_321, '', '127.0.0.1', '  1 1', 'ready   '];
  return writeFile(join(dataDir, 'postmaster.pid'), `${lines.join('\n')}\n`);
}
