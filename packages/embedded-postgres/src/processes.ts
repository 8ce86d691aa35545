import { readdir, readFile, stat } from 'node:fs/promises';
import { errnoOf } from './errors.js';
import { run } from './run.js';

/** Whose process a pid is. `unknown`: it lives, and this platform does not tell more. */
export type Ownership = 'gone' | 'ours' | 'foreign' | 'unknown';

/** Whether a pid is a PostgreSQL that works on this data folder. */
export async function ownershipOf(pid: number, dataDir: string): Promise<Ownership> {
  if (!isAlive(pid)) return 'gone';
  if (process.platform === 'linux') return (await isServerOf(pid, dataDir)) ? 'ours' : 'foreign';
  if (process.platform === 'win32') return 'unknown';
  const { output } = await run('ps', ['-o', 'command=', '-p', String(pid)]);
  return output.includes('postgres') && output.includes(dataDir) ? 'ours' : 'foreign';
}

/** All processes of a server of this folder, the orphans of a killed postmaster too. Empty where there is no /proc. */
export async function serverProcesses(dataDir: string): Promise<number[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const ours = await Promise.all(pids.map(async (pid) => ((await isServerOf(pid, dataDir)) ? pid : 0)));
  return ours.filter((pid) => pid !== 0);
}

/**
 * A server's processes all stand in its data folder. That is exact, where a command line may name the folder by
 * another path or have been replaced by a title. A zombie, or a process of another user, has no folder that we can
 * see: neither can be ours.
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
    // EPERM: it lives, as someone else.
    return errnoOf(error) === 'EPERM';
  }
}
