import type { Dirent, Stats } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface FoundFile {
  path: string;
  sizeBytes: number;
  mtimeMs: number;
}

export interface WalkOptions {
  signal?: AbortSignal;
  /** A file or folder that cannot be looked at. */
  onProblem(path: string, error: unknown): void;
}

/** What NAS systems, desktops and Takeout leave beside photos: thumbnails, bins and indexes, never originals. */
const SKIPPED_FOLDERS = new Set([
  '@eadir',
  '@recycle',
  '@tmp',
  '#recycle',
  '#snapshot',
  '$recycle.bin',
  'lost+found',
  'system volume information',
  '__macosx',
]);

/** Dot-files and dot-folders included: they are a program's, not a person's. */
export const isSkippedName = (name: string): boolean =>
  name.startsWith('.') || SKIPPED_FOLDERS.has(name.toLowerCase());

/** Names in a stable order, so that two runs over the same folder do the same. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  for await (const entry of await opendir(folder)) if (!isSkippedName(entry.name)) entries.push(entry);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const identity = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

/**
 * Every regular file below a folder, depth first. Links are followed, but no folder is entered twice, whatever ways lead to
 * it, so loops end.
 */
export async function* walk(root: string, options: WalkOptions): AsyncGenerator<FoundFile, void> {
  const { signal, onProblem } = options;
  const entered = new Set<string>([identity(await stat(root))]);

  async function* below(folder: string): AsyncGenerator<FoundFile, void> {
    signal?.throwIfAborted();
    const entries = await entriesOf(folder).catch((error: unknown) => {
      onProblem(folder, error);
      return [];
    });
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const stats = await stat(path).catch((error: unknown) => {
        // A link to nowhere is not a file that could be lost.
        if (!entry.isSymbolicLink()) onProblem(path, error);
        return undefined;
      });
      if (stats?.isFile()) yield { path, sizeBytes: stats.size, mtimeMs: stats.mtimeMs };
      if (stats?.isDirectory() && !entered.has(identity(stats))) {
        entered.add(identity(stats));
        yield* below(path);
      }
    }
  }
  yield* below(root);
}
