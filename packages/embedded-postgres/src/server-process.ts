import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import { errnoOf, PostgresStartError, PostgresStopError } from './errors.js';
import { run } from './run.js';

/** The lines of postmaster.pid that are used here (src/include/utils/pidfile.h). */
export interface PidFile {
  pid: number;
  /** Seconds since 1970, as text: together with the pid it identifies one run of the server. */
  startedAt: string;
  port: number;
  status: string;
}

/** Which process has a pid. `unknown`: it is alive, and this platform does not tell more. */
type Ownership = 'gone' | 'ours' | 'foreign' | 'unknown';

const POLL_MS = 50;
/** The longest recovery: after a power cut the server replays at most max_wal_size, which takes minutes on a slow card. */
export const SETTLE_MS = 15 * 60_000;
const STOP_SECONDS = '60';
const ORPHANS_END_MS = 2_000;
const ORPHANS_TERMINATED_MS = 15_000;
/** A busy system may take long to end a process that was killed. */
const ORPHANS_KILLED_MS = 120_000;

/** Returns the running server of a folder, ready for connections. Waits for one that is just starting or stopping. */
export async function findServer(dataDir: string): Promise<PidFile | undefined> {
  const deadline = Date.now() + SETTLE_MS;
  while (Date.now() < deadline) {
    const found = await readPidFile(dataDir);
    if (!found) return undefined;
    const ownership = await ownershipOf(found.pid, dataDir);
    if (ownership === 'gone' || ownership === 'foreign') return undefined;
    if (found.status === 'ready') return found;
    await sleep(POLL_MS);
  }
  throw new PostgresStartError('failed', 'A PostgreSQL on this data folder neither starts nor stops');
}

/** Prepares the folder for a new server: waits for the processes of a killed one, and removes a stale postmaster.pid. */
export async function clearRemains({ dataDir, log }: Cluster): Promise<void> {
  await endOrphans(dataDir, log);
  const stale = await readPidFile(dataDir);
  // After a reboot another program may have the pid, and PostgreSQL would assume that its server still runs.
  if (stale && (await ownershipOf(stale.pid, dataDir)) === 'foreign') {
    log('Removing a postmaster.pid that a power cut left behind');
    await rm(pidFilePath(dataDir), { force: true });
  }
}

/**
 * Waits until no backend of a killed postmaster is left; a new server would refuse to start beside them. They end by themselves, except
 * during a long statement: then they are terminated, and at last killed. That is safe, because their shared memory is lost anyway.
 */
async function endOrphans(dataDir: string, log: Cluster['log']): Promise<void> {
  const began = Date.now();
  let sent: NodeJS.Signals | 'none' | undefined;
  for (;;) {
    const orphans = await serverProcesses(dataDir);
    if (orphans.length === 0) return;
    if (!sent) log('Waiting for the processes of a killed PostgreSQL to end');
    sent ??= 'none';
    const waited = Date.now() - began;
    if (waited > ORPHANS_KILLED_MS) {
      throw new PostgresStartError(
        'failed',
        `Processes of a killed PostgreSQL do not end: ${orphans.join(', ')}`,
      );
    }
    const due = waited > ORPHANS_TERMINATED_MS ? 'SIGKILL' : waited > ORPHANS_END_MS ? 'SIGTERM' : 'none';
    if (due !== sent && due !== 'none') for (const pid of orphans) signal(pid, due);
    sent = due;
    await sleep(POLL_MS);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has just ended
  }
}

/**
 * Stops the server if it runs: first with a checkpoint, and without one if that takes too long. In the second case it recovers from its
 * log at the next start.
 */
export async function stopServer({ dataDir, programs }: Cluster): Promise<void> {
  if (!(await findServer(dataDir))) return;
  let output = '';
  for (const mode of ['fast', 'immediate']) {
    const args = ['stop', '-D', dataDir, '-m', mode, '-w', '-t', STOP_SECONDS, '-s'];
    const result = await programs.run('pgCtl', args);
    output += result.output;
    const left = await readPidFile(dataDir);
    if (result.code === 0 || !left || (await ownershipOf(left.pid, dataDir)) !== 'ours') return;
  }
  throw new PostgresStopError('PostgreSQL does not stop', output.trim());
}

const pidFilePath = (dataDir: string): string => join(dataDir, 'postmaster.pid');

/** Returns undefined when there is no file, or one that is not complete (yet, or ever: a power cut). */
export async function readPidFile(dataDir: string): Promise<PidFile | undefined> {
  return parsePidFile(await readFile(pidFilePath(dataDir), 'utf8').catch(() => ''));
}

/** A single-user server writes a negative pid. */
export function parsePidFile(text: string): PidFile | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Math.abs(Number(lines[0]));
  if (!lines[0] || !Number.isInteger(pid) || pid === 0) return undefined;
  return { pid, startedAt: lines[2] ?? '', port: Number(lines[3] ?? 0), status: lines[7] ?? '' };
}

/** Returns whether a pid is a PostgreSQL that works on this data folder. */
export async function ownershipOf(pid: number, dataDir: string): Promise<Ownership> {
  if (!isAlive(pid)) return 'gone';
  if (process.platform === 'linux') return (await isServerOf(pid, dataDir)) ? 'ours' : 'foreign';
  if (process.platform === 'win32') return 'unknown';
  const { output } = await run('ps', ['-o', 'command=', '-p', String(pid)]);
  return output.includes('postgres') && output.includes(dataDir) ? 'ours' : 'foreign';
}

/** Returns all processes of a server of this folder, including orphans of a killed postmaster; none where there is no /proc. */
export async function serverProcesses(dataDir: string): Promise<number[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const ours = await Promise.all(pids.map(async (pid) => ((await isServerOf(pid, dataDir)) ? pid : 0)));
  return ours.filter((pid) => pid !== 0);
}

/**
 * The working folder of all processes of a server is its data folder. That is exact; a command line may name the folder by another path
 * or have been replaced by a title. The folder of a zombie, or of another user's process, cannot be read: neither can be ours.
 */
async function isServerOf(pid: number, dataDir: string): Promise<boolean> {
  try {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8');
    if (name.trim() !== 'postgres') return false;
    const [theirs, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(dataDir)]);
    return theirs.dev === ours.dev && theirs.ino === ours.ino;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM'; // it is alive, as another user
  }
}
