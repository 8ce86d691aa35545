import { opendir } from 'node:fs/promises';
import path from 'node:path';
import type { ObjectInfo } from '../port.js';
import { isKeySegment } from '../rules.js';
import { isMissing, translateErrors } from './files.js';

/** How many sidecars are read at a time: enough to keep a disk busy, too few to delay an upload. */
const LOOK_AHEAD = 16;

type Find = (key: string) => Promise<ObjectInfo | undefined>;

/** Holds the names of one folder and of its parents in memory, never the whole tree. */
export async function* listObjects(root: string, prefix: string, find: Find): AsyncGenerator<ObjectInfo> {
  const slash = prefix.lastIndexOf('/') + 1;
  yield* walk(root, prefix.slice(0, slash), prefix.slice(slash), find);
}

async function* walk(
  root: string,
  folder: string,
  beginning: string,
  find: Find,
): AsyncGenerator<ObjectInfo> {
  const names = await translateErrors('list a folder', () => readNames(path.join(root, folder), beginning));
  let files: string[] = [];
  for (const name of names) {
    const isFolder = name.endsWith('/');
    if (!isFolder) files.push(folder + name);
    if (isFolder || files.length === LOOK_AHEAD) {
      yield* findAll(files, find);
      files = [];
    }
    if (isFolder) yield* walk(root, folder + name, '', find);
  }
  yield* findAll(files, find);
}

/** Leaves out objects that were deleted meanwhile. */
async function* findAll(keys: readonly string[], find: Find): AsyncGenerator<ObjectInfo> {
  for (const info of await Promise.all(keys.map(find))) {
    if (info) yield info;
  }
}

/**
 * Sorts folders with their `/`, since keys compare that way: `a-b` comes before `a/b`, though `a` comes before `a-b`.
 * Leaves out links, sockets and names that no key has: this store did not create them.
 */
async function readNames(folder: string, beginning: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      if (!entry.name.startsWith(beginning) || !isKeySegment(entry.name)) continue;
      if (entry.isFile()) names.push(entry.name);
      if (entry.isDirectory()) names.push(`${entry.name}/`);
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return names.sort();
}
