import { join } from 'node:path';
import { ensurePrivateFolder, readPrivateFile, writePrivateFile } from '../store/files.js';
import type { FoundFile } from './walk.js';

/** What was found out about a file by reading it. */
export interface KnownFile {
  mimeType: string;
  hash: string;
}

/** Remembers hashes between runs: a file of the same path, size and time is not read again. */
export interface HashCache {
  get(file: FoundFile): KnownFile | undefined;
  set(file: FoundFile, known: KnownFile): void;
  forget(path: string): void;
  /** Writes what is new. Entries that another run wrote meanwhile stay. */
  save(): Promise<void>;
}

type Entry = [sizeBytes: number, mtimeMs: number, hash: string, mimeType: string];
type Entries = Map<string, Entry>;

/** A file changed this recently may change again within the same tick of the file system's clock. */
const SETTLED_MS = 2000;

const isEntry = (value: unknown): value is Entry =>
  Array.isArray(value) &&
  typeof value[0] === 'number' &&
  typeof value[1] === 'number' &&
  /^[0-9a-f]{64}$/.test(String(value[2])) &&
  typeof value[3] === 'string';

/** A cache that cannot be read is an empty one. */
async function load(path: string): Promise<Entries> {
  try {
    const { files } = JSON.parse((await readPrivateFile(path)) ?? '{}') as {
      files?: Record<string, unknown>;
    };
    return new Map(
      Object.entries(files ?? {}).filter((entry): entry is [string, Entry] => isEntry(entry[1])),
    );
  } catch {
    return new Map();
  }
}

export async function openHashCache(configDir: string, now: () => number = Date.now): Promise<HashCache> {
  const path = join(configDir, 'hashes.json');
  const entries = await load(path);
  const changes = new Map<string, Entry | undefined>();
  return {
    get: (file) => {
      const [sizeBytes, mtimeMs, hash = '', mimeType = ''] = entries.get(file.path) ?? [];
      return sizeBytes === file.sizeBytes && mtimeMs === file.mtimeMs ? { hash, mimeType } : undefined;
    },
    set: (file, { hash, mimeType }) => {
      if (now() - file.mtimeMs < SETTLED_MS) return;
      const entry: Entry = [file.sizeBytes, file.mtimeMs, hash, mimeType];
      entries.set(file.path, entry);
      changes.set(file.path, entry);
    },
    forget: (file) => {
      if (entries.delete(file)) changes.set(file, undefined);
    },
    save: async () => {
      if (changes.size === 0) return;
      await ensurePrivateFolder(configDir);
      const current = await load(path);
      for (const [file, entry] of changes) {
        if (entry === undefined) current.delete(file);
        else current.set(file, entry);
      }
      await writePrivateFile(path, JSON.stringify({ version: 1, files: Object.fromEntries(current) }));
      changes.clear();
    },
  };
}

/** For --no-cache. */
export const noHashCache: HashCache = {
  get: () => undefined,
  set: () => undefined,
  forget: () => undefined,
  save: async () => undefined,
};
