import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Where a node keeps what it must not lose, and what it may. */
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

/** The data folder is there for nobody: `code` is `disk_full` or `not_permitted`. */
export class DataFolderError extends Error {
  readonly code: 'disk_full' | 'not_permitted';
  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message, { cause });
    this.name = 'DataFolderError';
    this.code = FULL.includes(cause.code ?? '') ? 'disk_full' : 'not_permitted';
  }
}

/** Makes the folder and finds out whether it can be written to. @throws DataFolderError */
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

/**
 * Makes a folder and those above it. Node's own `recursive` never comes back where the system refuses with ENOENT, as it does
 * below /proc and on some broken mounts.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}

async function makeFolders({ root, storage, logs, keys }: DataFolder): Promise<void> {
  await makeFolder(root);
  const probe = join(root, `.probe-${process.pid}`);
  await writeFile(probe, 'x', { flush: true });
  await rm(probe);
  // The root stays open to PostgreSQL's own account; these are for the node alone.
  for (const sub of [storage, logs, keys]) await mkdir(sub, { recursive: true, mode: 0o700 });
}

/** Only the process that holds the folder may do this. */
export async function emptyScratch({ scratch }: DataFolder): Promise<void> {
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true, mode: 0o700 });
}
