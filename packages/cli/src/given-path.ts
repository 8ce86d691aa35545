import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from './errors.js';
import { findDecodedPath, type LocalPath } from './local-path.js';

/** A path of the command line that exists, with what it is. */
interface GivenPath {
  path: LocalPath;
  stats: Stats;
}

async function find(given: string, noun: string): Promise<GivenPath> {
  const absolute = resolve(given);
  const path = absolute.includes('\ufffd') ? await findDecodedPath(absolute) : absolute;
  const stats = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path !== undefined && stats !== undefined) return { path, stats };
  if (absolute.includes('\ufffd'))
    throw new UsageError(
      `${given} is not UTF-8, and none or more than one ${noun} may be meant; try the folder above`,
    );
  throw new UsageError(`there is no ${noun} ${given}`);
}

/** @throws UsageError */
export const pathOrThrow = (given: string): Promise<GivenPath> => find(given, 'file or folder');

/** @throws UsageError */
export async function folderOrThrow(given: string): Promise<LocalPath> {
  const { path, stats } = await find(given, 'folder');
  if (stats.isDirectory()) return path;
  throw new UsageError(`there is no folder ${given}`);
}
