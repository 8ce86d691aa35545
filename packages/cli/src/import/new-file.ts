import { link, lstat, rename, rm } from 'node:fs/promises';
import { UsageError } from '../errors.js';
import { isMissing } from '../store/files.js';

const taken = (path: string): UsageError => new UsageError(`${path} exists; --force replaces it`);

/** @throws UsageError when there is a file that must not be replaced */
export async function vacantOrThrow(path: string, force: boolean): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if (!force) throw taken(path);
}

/** Gives a finished file its name. @throws UsageError when somebody has taken it meanwhile */
export async function renameInto(part: string, path: string, force: boolean): Promise<void> {
  if (force) return rename(part, path);
  try {
    // Unlike rename, it never replaces a file.
    await link(part, path);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'EEXIST') throw taken(path);
    // File systems without hard links.
    await vacantOrThrow(path, force);
    return rename(part, path);
  }
  await rm(part);
}
