import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { sleep } from '@lazyphotos/client';
import { CliError } from '../errors.js';
import { isMissing } from './files.js';

const POLL_MS = 50;
/** The work under a lock takes seconds. A lock that is this old was left by a process that has ended. */
const STALE_MS = 120_000;

const isTaken = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'EEXIST';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const [{ mtimeMs }, pid] = [await stat(path), Number(await readFile(path, 'utf8'))];
    return Date.now() - mtimeMs > STALE_MS || (pid > 0 && !isAlive(pid));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/**
 * Removes an abandoned lock, one process at a time. Otherwise, when two processes see it abandoned, the second one would remove the lock
 * that the first one has just taken.
 */
async function breakAbandoned(path: string): Promise<void> {
  const guard = `${path}.breaking`;
  try {
    await writeFile(guard, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!isTaken(error)) throw error;
    const { mtimeMs } = await stat(guard).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > STALE_MS) await rm(guard, { force: true });
    return sleep(POLL_MS);
  }
  try {
    if (await isAbandoned(path)) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/**
 * Runs `task` while no other process holds the lock file `path`. It is a file, because then a folder has one lock under whatever path it
 * is reached, also on a disk that two machines share.
 * @throws CliError `locked`
 */
export async function withLock<T>(path: string, task: () => Promise<T>): Promise<T> {
  const giveUp = Date.now() + STALE_MS + 10_000;
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
    if (await isAbandoned(path)) await breakAbandoned(path);
    else if (Date.now() > giveUp) throw new CliError('locked', `another process holds ${path}`);
    else await sleep(POLL_MS);
  }
  try {
    return await task();
  } finally {
    await rm(path, { force: true });
  }
}
