import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, lstat, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../errors.js';
import { isMissing } from '../store/files.js';

const taken = (path: string): UsageError => new UsageError(`${path} already exists; --force replaces it`);

/** @throws UsageError if the file exists and must not be replaced, or if its folder does not exist */
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

/**
 * Writes the streams, each piped into the next, to a new file. The file is complete or does not exist. Resolves to its size.
 * @throws UsageError if the file exists and must not be replaced
 */
export async function saveNewFile(
  path: string,
  force: boolean,
  source: Readable,
  ...transforms: Transform[]
): Promise<number> {
  const part = `${path}.${randomUUID().slice(0, 8)}.part`;
  const file = createWriteStream(part, { mode: 0o600, flags: 'wx', flush: true });
  try {
    await pipeline([source, ...transforms, file]);
    await renameInto(part, path, force);
    return file.bytesWritten;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Renames a complete file. @throws UsageError if the name is in use now */
async function renameInto(part: string, path: string, force: boolean): Promise<void> {
  if (force) return rename(part, path);
  try {
    // Unlike rename, link never replaces a file.
    await link(part, path);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'EEXIST') throw taken(path);
    // The file system has no hard links.
    await vacantOrThrow(path, force);
    return rename(part, path);
  }
  await rm(part);
}
