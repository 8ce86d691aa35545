import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { translateErrors, writeStream } from './filesystem/files.js';
import { hasLocalFiles, type ObjectStore } from './port.js';
import { holdErrors } from './streams.js';

const PREFIX = 'object-';

/** Removes old copies, which killed processes have left. Young ones may be in use: other processes can share the folder. */
export async function removeOldCopies(scratchDir: string, olderThanMs: number): Promise<void> {
  await mkdir(scratchDir, { recursive: true });
  for (const name of await readdir(scratchDir)) {
    const file = path.join(scratchDir, name);
    const info = name.startsWith(PREFIX) ? await stat(file).catch(() => undefined) : undefined;
    if (info && Date.now() - info.mtimeMs > olderThanMs) await rm(file, { force: true });
  }
}

/**
 * Runs `fn` with the path of a file that holds the object's bytes, for libraries that need a file. `fn` must only read it, and only
 * until its promise settles: it is the stored file itself, or a copy in `scratchDir` that is removed afterwards.
 * @throws ObjectNotFoundError, StorageUnavailableError, StorageFullError: the last two for the copy, too
 */
export async function withLocalFile<T>(
  store: ObjectStore,
  key: string,
  scratchDir: string,
  fn: (file: string) => Promise<T>,
): Promise<T> {
  if (hasLocalFiles(store)) return fn(await store.localPath(key));
  const { body } = await store.get(key);
  holdErrors(body);
  const copy = path.join(scratchDir, `${PREFIX}${randomUUID()}`);
  try {
    const file = await translateErrors('open a file in the scratch folder', async () => {
      await mkdir(scratchDir, { recursive: true });
      return open(copy, 'wx', 0o600);
    });
    try {
      await writeStream(body, file, 0);
    } finally {
      await file.close();
    }
    return await fn(copy);
  } finally {
    body.destroy();
    // What cannot be removed now goes with the old copies, and must not hide the outcome.
    await rm(copy, { force: true }).catch(() => undefined);
  }
}
