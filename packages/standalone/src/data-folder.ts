import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeFolderDurably, writeFileDurably } from '@lazyphotos/system';

/** The folders of a node. */
export interface DataFolder {
  root: string;
  postgres: string;
  storage: string;
  keys: string;
  logs: string;
  /** Temporary files; emptied at each start. */
  scratch: string;
}

const FULL = ['ENOSPC', 'EDQUOT'];

/** The data folder cannot be used. */
export class DataFolderError extends Error {
  readonly code: 'disk_full' | 'not_permitted';
  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message, { cause });
    this.name = 'DataFolderError';
    this.code = FULL.includes(cause.code ?? '') ? 'disk_full' : 'not_permitted';
  }
}

/** Creates the folder and checks that it can be written to. @throws DataFolderError */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const folder = foldersBelow(resolve(path));
  try {
    await makeFolders(folder);
  } catch (error) {
    throw new DataFolderError(error as NodeJS.ErrnoException);
  }
  return folder;
}

const foldersBelow = (root: string): DataFolder => ({
  root,
  postgres: join(root, 'postgres'),
  storage: join(root, 'storage'),
  keys: join(root, 'keys'),
  logs: join(root, 'logs'),
  scratch: join(root, 'scratch'),
});

async function makeFolders({ root, storage, logs, keys }: DataFolder): Promise<void> {
  await makeFolderDurably(root);
  const probe = join(root, `.probe-${process.pid}`);
  await writeFile(probe, 'x', { flush: true });
  await rm(probe);
  // The root must be readable for PostgreSQL's own account; these are for the node alone.
  for (const sub of [storage, logs, keys]) await makeFolderDurably(sub, 0o700);
}

/** Only the process that has the lock of the folder may do this. */
export async function emptyScratch({ scratch }: DataFolder): Promise<void> {
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true, mode: 0o700 });
}

/** Returns the key that signs media URLs, and creates it on the first start. If it is lost, only the issued URLs become invalid. */
export async function readMediaSigningKey(keysFolder: string): Promise<string> {
  const file = join(keysFolder, 'media-url.key');
  try {
    const key = (await readFile(file, 'utf8')).trim();
    if (key.length >= 32) return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = randomBytes(32).toString('base64url');
  await writeFileDurably(file, `${key}\n`);
  return key;
}
