import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import { PostgresStartError, PostgresStopError } from './errors.js';
import { type PidFile, pidFilePath, readPidFile } from './pid-file.js';
import { ownershipOf, serverProcesses } from './processes.js';

const POLL_MS = 50;
/** Recovery after a power cut replays at most max_wal_size: long on a slow card, but minutes. */
export const SETTLE_MS = 15 * 60_000;
const STOP_SECONDS = '60';
const ORPHANS_LEAVE_MS = 2_000;
const ORPHANS_TERMINATED_MS = 15_000;
/** A busy system may take long to end a process that was killed. */
const ORPHANS_KILLED_MS = 120_000;

/** The live server of this folder, ready to connect; waits out one that is just starting or stopping. */
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

/**
 * Clears the way for a new server. The backends of a postmaster that was killed leave by themselves, unless one is
 * in a long statement: it is asked, then killed, which is safe because the shared memory that they had is lost
 * anyway. The new server would refuse to start beside them.
 */
export async function clearRemains({ dataDir, log }: Cluster): Promise<void> {
  await orphansGone(dataDir, log);
  const stale = await readPidFile(dataDir);
  // After a reboot the pid may be any program's, and PostgreSQL would then believe that its server still runs.
  if (stale && (await ownershipOf(stale.pid, dataDir)) === 'foreign') {
    log('Removing a postmaster.pid that a power cut left behind');
    await rm(pidFilePath(dataDir), { force: true });
  }
}

async function orphansGone(dataDir: string, log: Cluster['log']): Promise<void> {
  const began = Date.now();
  let asked: NodeJS.Signals | undefined;
  for (;;) {
    const orphans = await serverProcesses(dataDir);
    if (orphans.length === 0) return;
    if (!asked) log('Waiting for the processes of a killed PostgreSQL to leave');
    asked ??= 'SIGCONT';
    const waited = Date.now() - began;
    if (waited > ORPHANS_KILLED_MS) {
      throw new PostgresStartError(
        'failed',
        `Processes of a killed PostgreSQL do not leave: ${orphans.join(', ')}`,
      );
    }
    const due = waited > ORPHANS_TERMINATED_MS ? 'SIGKILL' : waited > ORPHANS_LEAVE_MS ? 'SIGTERM' : asked;
    if (due !== asked) for (const pid of orphans) signal(pid, due);
    asked = due;
    await sleep(POLL_MS);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has just left
  }
}

/**
 * Stops the server, if it runs, orderly, or, when that takes too long, at once: its log then restores it at the next
 * start.
 */
export async function stopServer({ dataDir, programs }: Cluster): Promise<void> {
  if (!(await findServer(dataDir))) return;
  let output = '';
  for (const mode of ['fast', 'immediate']) {
    const result = await programs.run('pgCtl', [
      'stop',
      '-D',
      dataDir,
      '-m',
      mode,
      '-w',
      '-t',
      STOP_SECONDS,
      '-s',
    ]);
    output += result.output;
    const left = await readPidFile(dataDir);
    if (result.code === 0 || !left || (await ownershipOf(left.pid, dataDir)) !== 'ours') return;
  }
  throw new PostgresStopError('PostgreSQL does not stop', output.trim());
}
