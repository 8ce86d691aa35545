import { randomUUID } from 'node:crypto';
import { link, lstat, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../errors.js';
import { isMissing } from '../store/files.js';

const taken = (path: string): UsageError => new UsageError(`${path} exists; --force replaces it`);

/** @throws UsageError when there is a file that must not be replaced, or no folder for it */
export async function vacantOrThrow(path: string, force: boolean): Promise<void> {
  const folder = dirname(path);
  const stats = await stat(folder).catch(() => undefined);
  if (!stats?.isDirectory()) throw new UsageError(`there is no folder ${folder}`);
  if (!(await isThere(path))) return;
  if (!force) throw taken(path);
  if ((await stat(path)).isDirectory()) throw new UsageError(`${path} is a folder`);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Where a file is written before it gets its name. */
export const partOf = (path: string): string => `${path}.${randomUUID().slice(0, 8)}.part`;

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
