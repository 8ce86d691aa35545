import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The bytes of a download that have arrived, in `<destination>.part`, hashed as they come. */
export interface PartFile {
  /** How many there are. */
  readonly size: number;
  append(bytes: Uint8Array): Promise<void>;
  /** Forgets them. */
  restart(): Promise<void>;
  sha256(): string;
  /** Makes the file durable and gives it its name, with a modification time if one is given. */
  commit(modifiedAt: Date | undefined): Promise<void>;
  /** Keeps what is there for the next attempt. */
  close(): Promise<void>;
  remove(): Promise<void>;
}

async function hashOf(handle: FileHandle): Promise<{ hash: Hash; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of handle.createReadStream({ start: 0, autoClose: false })) {
    hash.update(piece as Buffer);
    size += (piece as Buffer).length;
  }
  return { hash, size };
}

/** The name of the new file must survive a power cut as well. Windows cannot open folders, and does not need to. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** Some file systems refuse times before 1970 or after 2107, and some any; a whole file with another time is still whole. */
async function setTime(handle: FileHandle, modifiedAt: Date): Promise<void> {
  await handle.utimes(new Date(), modifiedAt).catch(() => undefined);
}

export async function openPartFile(destination: string, { keep }: { keep: boolean }): Promise<PartFile> {
  const path = `${destination}.part`;
  const handle = await open(path, keep ? 'a+' : 'w+');
  let { hash, size } = await hashOf(handle);
  return {
    get size() {
      return size;
    },
    append: async (bytes) => {
      await handle.appendFile(bytes);
      hash.update(bytes);
      size += bytes.byteLength;
    },
    restart: async () => {
      await handle.truncate(0);
      hash = createHash('sha256');
      size = 0;
    },
    sha256: () => hash.copy().digest('hex'),
    commit: async (modifiedAt) => {
      if (modifiedAt !== undefined) await setTime(handle, modifiedAt);
      await handle.sync();
      await handle.close();
      await rename(path, destination);
      await syncFolder(dirname(destination));
    },
    close: () => handle.close(),
    remove: async () => {
      await handle.close();
      await rm(path, { force: true });
    },
  };
}
