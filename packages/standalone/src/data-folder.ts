import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

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

/** Makes the folder and finds out whether it can be written to. @throws the file system's error */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const root = resolve(path);
  const folder = {
    root,
    postgres: join(root, 'postgres'),
    storage: join(root, 'storage'),
    keys: join(root, 'keys'),
    logs: join(root, 'logs'),
    scratch: join(root, 'scratch'),
  };
  await mkdir(root, { recursive: true });
  const probe = join(root, `.probe-${process.pid}`);
  await writeFile(probe, 'x', { flush: true });
  await rm(probe);
  for (const sub of [folder.storage, folder.logs]) await mkdir(sub, { recursive: true });
  await mkdir(folder.keys, { recursive: true, mode: 0o700 });
  return folder;
}

/** Only the process that holds the folder may do this. */
export async function emptyScratch({ scratch }: DataFolder): Promise<void> {
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true, mode: 0o700 });
}
