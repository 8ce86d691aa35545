import { opendir } from 'node:fs/promises';
import path from 'node:path';
import { isKeySegment } from '../keys.js';
import type { ObjectInfo } from '../port.js';
import { isMissing, storing } from './faults.js';

/** Sidecars read at a time: enough to keep a disk busy, too few to hold up an upload. */
const LOOK_AHEAD = 16;

type Find = (key: string) => Promise<ObjectInfo | undefined>;

/** One folder's names are in memory at a time (and those of the folders above it), never the whole tree. */
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
  const names = await storing('list a folder', () => readNames(path.join(root, folder), beginning));
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

/** Objects that are deleted in the meantime are left out. */
async function* findAll(keys: readonly string[], find: Find): AsyncGenerator<ObjectInfo> {
  for (const info of await Promise.all(keys.map(find))) {
    if (info) yield info;
  }
}

/**
 * Sorted with the folders' `/`, since that is how keys compare: `a-b` comes before `a/b`, though `a` comes before `a-b`.
 * Links, sockets and names that no key has are not ours.
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
