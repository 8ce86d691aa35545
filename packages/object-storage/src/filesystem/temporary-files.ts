import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { errnoOf } from './faults.js';

/** The process is in the name, so that a starting store can tell leftovers from another process's work in progress. */
export interface TemporaryFiles {
  /** A new path in the folder; nothing is created. */
  path(): string;
  /** Removes what processes that are gone have left. */
  removeLeftovers(): Promise<void>;
}

export function createTemporaryFiles(folder: string): TemporaryFiles {
  const started = Math.round(performance.timeOrigin);
  return {
    path: () => path.join(folder, `${process.pid}-${started}-${randomBytes(12).toString('hex')}`),
    async removeLeftovers() {
      for (const name of await readdir(folder)) {
        if (!isInUse(name, started)) await rm(path.join(folder, name), { recursive: true, force: true });
      }
    },
  };
}

function isInUse(name: string, started: number): boolean {
  const [pid, start] = name.split('-').map(Number);
  // The same pid with another start time is an earlier life: in a container every one of them is pid 1.
  if (pid === process.pid) return start === started;
  if (pid === undefined || !Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
