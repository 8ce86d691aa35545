import { join } from 'node:path';
import { writeFileDurably } from '@lazyphotos/system';
import { type LocalPath, pathKey } from '../local-path.js';
import { ensurePrivateFolder, readPrivateFile } from '../store/files.js';
import { type FileState, isSameState, isSettled } from './file-state.js';

export interface CachedFile extends FileState {
  path: LocalPath;
}

/** The result of reading a file. */
export interface KnownFile {
  mimeType: string;
  hash: string;
}

/** Stores hashes between runs: a file with the same path and state is not read again. */
export interface HashCache {
  get(file: CachedFile): KnownFile | undefined;
  /** `readAt` is the time when the reading began, in milliseconds since 1970. Ignores files that changed shortly before. */
  set(file: CachedFile, known: KnownFile, readAt: number): void;
  /**
   * Stores a file that this program has just written and given an old modification time. A change by any other program changes that
   * time, so the new ctime does not matter.
   */
  setWritten(file: CachedFile, known: KnownFile): void;
  forget(path: LocalPath): void;
  /** Writes the changes. Entries that another run has written stay. */
  save(): Promise<void>;
}

/** Numbers that JSON cannot store exactly are decimal text. */
type Entry = [
  sizeBytes: number,
  mtimeNs: string,
  ctimeNs: string,
  ino: string,
  hash: string,
  mimeType: string,
];
type Entries = Map<string, Entry>;

/** Files of another version are not read: version 1 had no ctime. */
const VERSION = 2;

const isNumber = (value: unknown): boolean => typeof value === 'string' && /^-?\d{1,25}$/.test(value);

const isEntry = (value: unknown): value is Entry =>
  Array.isArray(value) &&
  typeof value[0] === 'number' &&
  value.slice(1, 4).every(isNumber) &&
  /^[0-9a-f]{64}$/.test(String(value[4])) &&
  typeof value[5] === 'string';

/** A damaged cache counts as empty. */
async function load(path: string): Promise<Entries> {
  try {
    const { version, files } = JSON.parse((await readPrivateFile(path)) ?? '{}') as {
      version?: unknown;
      files?: Record<string, unknown>;
    };
    if (version !== VERSION) return new Map();
    return new Map(
      Object.entries(files ?? {}).filter((entry): entry is [string, Entry] => isEntry(entry[1])),
    );
  } catch {
    return new Map();
  }
}

const stateOf = ([sizeBytes, mtimeNs, ctimeNs, ino]: Entry): FileState => ({
  sizeBytes,
  mtimeNs: BigInt(mtimeNs),
  ctimeNs: BigInt(ctimeNs),
  ino: BigInt(ino),
});

export async function openHashCache(configDir: string): Promise<HashCache> {
  const path = join(configDir, 'hashes.json');
  const entries = await load(path);
  const changes = new Map<string, Entry | undefined>();
  const keep = (file: CachedFile, { hash, mimeType }: KnownFile) => {
    const { sizeBytes, mtimeNs, ctimeNs, ino } = file;
    const entry: Entry = [sizeBytes, `${mtimeNs}`, `${ctimeNs}`, `${ino}`, hash, mimeType];
    entries.set(pathKey(file.path), entry);
    changes.set(pathKey(file.path), entry);
  };
  return {
    get: (file) => {
      const entry = entries.get(pathKey(file.path));
      if (entry === undefined || !isSameState(stateOf(entry), file)) return undefined;
      return { hash: entry[4], mimeType: entry[5] };
    },
    set: (file, known, readAt) => {
      if (isSettled(file, readAt)) keep(file, known);
    },
    setWritten: (file, known) => {
      if (isSettled({ ...file, ctimeNs: file.mtimeNs }, Date.now())) keep(file, known);
    },
    forget: (file) => {
      if (entries.delete(pathKey(file))) changes.set(pathKey(file), undefined);
    },
    save: async () => {
      if (changes.size === 0) return;
      await ensurePrivateFolder(configDir);
      const current = await load(path);
      for (const [file, entry] of changes) {
        if (entry === undefined) current.delete(file);
        else current.set(file, entry);
      }
      await writeFileDurably(path, JSON.stringify({ version: VERSION, files: Object.fromEntries(current) }));
      changes.clear();
    },
  };
}

/** For --no-cache. */
export const noHashCache: HashCache = {
  get: () => undefined,
  set: () => undefined,
  setWritten: () => undefined,
  forget: () => undefined,
  save: async () => undefined,
};
