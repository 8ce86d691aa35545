import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { translateErrors } from './filesystem/files.js';
import { hasLocalFiles, type ObjectStore } from './port.js';

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
  const copy = path.join(scratchDir, `${PREFIX}${randomUUID()}`);
  try {
    await translateErrors('make a copy for a library', async () => {
      await mkdir(scratchDir, { recursive: true });
      await pipeline(body, createWriteStream(copy, { flags: 'wx', mode: 0o600 }));
    });
    return await fn(copy);
  } finally {
    body.destroy();
    await rm(copy, { force: true });
  }
}
