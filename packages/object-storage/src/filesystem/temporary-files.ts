import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { errnoOf } from './faults.js';

/**
 * The process is in the name, so that a starting store can tell leftovers from another process's work in progress; so is the
 * host, since in containers that share a volume every process is pid 1.
 */
export interface TemporaryFiles {
  /** A new path in the folder; nothing is created. */
  path(): string;
  /** Removes what processes that are gone have left. */
  removeLeftovers(): Promise<void>;
}

/** Another host's processes cannot be asked for; nobody writes one file for a day. */
const FOREIGN_LEFTOVER_MS = 86_400_000;

export function createTemporaryFiles(folder: string, host = hostname()): TemporaryFiles {
  const started = Math.round(performance.timeOrigin);
  const tag = createHash('sha256').update(host).digest('hex').slice(0, 12);

  const isInUse = async (name: string): Promise<boolean> => {
    const [owner, pid, start] = name.split('-');
    if (owner === tag) return isAlive(Number(pid), Number(start), started);
    const { mtimeMs } = await stat(path.join(folder, name));
    return Date.now() - mtimeMs < FOREIGN_LEFTOVER_MS;
  };
  return {
    path: () => path.join(folder, `${tag}-${process.pid}-${started}-${randomBytes(12).toString('hex')}`),
    async removeLeftovers() {
      for (const name of await readdir(folder)) {
        // One that is gone by now was in use.
        const keep = await isInUse(name).catch(() => true);
        if (!keep) await rm(path.join(folder, name), { recursive: true, force: true });
      }
    },
  };
}

function isAlive(pid: number, start: number, started: number): boolean {
  // The same pid with another start time is an earlier life: in a container every one of them is pid 1.
  if (pid === process.pid) return start === started;
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
