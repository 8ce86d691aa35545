import { constants, copyFile, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errnoOf, ifPresent } from './files.js';
import type { Layout } from './layout.js';

/**
 * Who writes into the data file of a staged upload. `<index>.claim` is created by the first write of a part, which alone may write into
 * `data`, and names its process. It stays when the part is there (`<index>-<etag>.placed`), and is removed when the write has failed. A
 * claim without a placed part therefore belongs to a write that is running, or whose process was killed.
 */
const CLAIM = /^(\d+)\.claim$/;
const PLACED = /^(\d+)-[0-9a-f]{32}\.placed$/;

/** The bytes of the parts that are in place; nothing but an upload that is being completed has no such file. */
export const dataFile = (folder: string): string => path.join(folder, 'data');

/** The data file from the moment on when its upload is being completed. */
export const sealedFile = (folder: string): string => path.join(folder, 'sealed');

const claimFile = (folder: string, index: number): string => path.join(folder, `${index}.claim`);

/** Resolves to whether the caller may write this part into the data file. */
export async function claimPart(layout: Layout, folder: string, index: number): Promise<boolean> {
  try {
    await writeFile(claimFile(folder, index), layout.owner, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Lets another write of this part into the data file. */
export function releasePart(folder: string, index: number): Promise<void> {
  return rm(claimFile(folder, index), { force: true });
}

/**
 * Makes the data file one that no write can change, and resolves to its path. Under its new name a write cannot open it. Who has opened
 * it before has a claim; nothing can stop a write of another process, whose client may be stalled, so that one keeps the file that it
 * writes into, and the upload goes on with a copy. May be repeated after a crash.
 */
export async function seal(layout: Layout, folder: string): Promise<string> {
  const sealed = sealedFile(folder);
  await ifPresent(rename(dataFile(folder), sealed));
  if (await isWrittenTo(layout, folder)) await replaceByCopy(layout, sealed);
  return sealed;
}

async function isWrittenTo(layout: Layout, folder: string): Promise<boolean> {
  const names = await readdir(folder);
  const placed = new Set(names.map((name) => PLACED.exec(name)?.[1]));
  for (const name of names) {
    const index = CLAIM.exec(name)?.[1];
    if (index === undefined || placed.has(index)) continue;
    const file = path.join(folder, name);
    const owner = await ifPresent(readFile(file, 'utf8'));
    // A claim that has gone meanwhile, or whose process is being looked up while it goes, belonged to a write that has failed.
    if (owner !== undefined && (await ifPresent(layout.isInUse(owner, file)))) return true;
  }
  return false;
}

async function replaceByCopy(layout: Layout, file: string): Promise<void> {
  const draft = layout.temporaryFile();
  try {
    // Some file systems share the blocks of the two.
    await copyFile(file, draft, constants.COPYFILE_FICLONE);
    const copy = await open(draft, 'r+');
    try {
      await copy.datasync();
    } finally {
      await copy.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
