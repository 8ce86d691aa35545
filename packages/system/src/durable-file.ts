import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const OWNER_ONLY = 0o600;
/**
 * What file systems report that cannot sync a folder (exFAT, network shares): their renames are as durable as they get. EACCES comes from a
 * folder in which this account may create what it may not list.
 */
const CANNOT_SYNC_FOLDERS = [
  'EACCES',
  'EINVAL',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EBADF',
  'EPERM',
  'EISDIR',
];

/**
 * Creates or replaces a file. At any moment, also after a power cut, the old or the new file is there as a whole; once this resolves, it
 * is the new one. Only the owner can read it, also while it is written.
 */
export async function writeFileDurably(path: string, content: string): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx', OWNER_ONLY);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Creates a folder and those above it that are missing. Once this resolves, the names of those that it has created survive a power cut.
 * Not `mkdir` with `recursive`: that never returns where the system refuses with ENOENT, as it does below /proc and on some broken mounts.
 */
export async function makeFolderDurably(path: string, mode?: number): Promise<void> {
  const folder = resolve(path);
  const parent = dirname(folder);
  try {
    await mkdir(folder, mode);
  } catch (error) {
    if (await isFolder(folder)) return;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error;
    await makeFolderDurably(parent, mode);
    await mkdir(folder, mode).catch(async (again: unknown) => {
      // Another process was faster.
      if (!(await isFolder(folder))) throw again;
    });
  }
  await syncFolder(parent);
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/** Makes the names in a folder (created, renamed or removed before the call) survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // a folder cannot be opened there
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!CANNOT_SYNC_FOLDERS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
