import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { LocalFiles, ObjectStore } from './port.js';

export function hasLocalFiles(store: ObjectStore): store is ObjectStore & LocalFiles {
  return 'localPath' in store && typeof store.localPath === 'function';
}

const PREFIX = 'object-';

/**
 * Removes the copies that killed processes have left behind: those that are older than anybody would need. Other processes may be
 * using the same folder.
 */
export async function removeOldCopies(scratchDir: string, olderThanMs: number): Promise<void> {
  await mkdir(scratchDir, { recursive: true });
  for (const name of await readdir(scratchDir)) {
    const file = path.join(scratchDir, name);
    const info = name.startsWith(PREFIX) ? await stat(file).catch(() => undefined) : undefined;
    if (info && Date.now() - info.mtimeMs > olderThanMs) await rm(file, { force: true });
  }
}

/**
 * Runs `fn` with the path of a file that holds the object's bytes, for libraries that want a file. The file is only to be
 * read, and only until `fn`'s promise settles: it is the stored file itself, or a copy in `scratchDir` that is removed then.
 * @throws ObjectNotFoundError
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
    await mkdir(scratchDir, { recursive: true });
    await pipeline(body, createWriteStream(copy, { flags: 'wx', mode: 0o600 }));
    return await fn(copy);
  } finally {
    body.destroy();
    await rm(copy, { force: true });
  }
}
