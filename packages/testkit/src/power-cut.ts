import { type BigIntStats, fstatSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { type FileHandle, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the disk is known to have of a file, its bytes, or of a folder, the files behind its names. */
type Durable = Buffer | ReadonlyMap<string, string>;

export interface PowerCut {
  /** Writes into a folder what a power cut at this moment would leave below `root`. */
  restoreInto(folder: string): Promise<void>;
  /** The watched files that were there under their names before all their bytes were durable. */
  readonly early: ReadonlySet<string>;
  end(): void;
}

/**
 * Follows the syncs of this process below `root`, to tell what a power cut would take: names in a folder that was not synced since, bytes
 * of a file that was not. What is there at the beginning counts as durable. `watched` are paths of files. Needs the /proc of Linux.
 */
export async function watchPowerCut(root: string, watched: readonly string[] = []): Promise<PowerCut> {
  const durable = new Map<string, Durable>();
  const early = new Set<string>();
  rememberTree(root, durable);

  const look = (): void => {
    for (const file of watched) {
      const stats = lstatSync(file, { bigint: true, throwIfNoEntry: false });
      const known = stats && durable.get(idOf(stats));
      if (stats && !(Buffer.isBuffer(known) && known.equals(readFileSync(file)))) early.add(file);
    }
  };
  const handle = await open(root, 'r');
  /** All open files of the process share it. */
  const prototype = Object.getPrototypeOf(handle) as Pick<FileHandle, 'sync' | 'datasync'>;
  await handle.close();
  const { sync, datasync } = prototype;
  const following = (original: () => Promise<void>) =>
    async function (this: FileHandle): Promise<void> {
      look();
      const stats = fstatSync(this.fd, { bigint: true });
      // A path to what is open, also after it was renamed or removed. What is written while the sync runs may not be part of it.
      const state = stateOf(`/proc/self/fd/${this.fd}`, stats.isDirectory());
      await original.call(this);
      durable.set(idOf(stats), state);
      look();
    };
  Object.assign(prototype, { sync: following(sync), datasync: following(datasync) });
  return {
    restoreInto: (folder) => restore(durable, idOf(lstatSync(root, { bigint: true })), folder),
    early,
    end: () => Object.assign(prototype, { sync, datasync }),
  };
}

/** The number of an inode is given again to a new file; its time of birth is not. */
function idOf({ ino, birthtimeNs }: BigIntStats): string {
  return `${ino}-${birthtimeNs}`;
}

function stateOf(path: string, isFolder: boolean): Durable {
  if (!isFolder) return readFileSync(path);
  const names = new Map<string, string>();
  for (const name of readdirSync(path)) {
    const stats = lstatSync(join(path, name), { bigint: true, throwIfNoEntry: false });
    if (stats) names.set(name, idOf(stats));
  }
  return names;
}

function rememberTree(path: string, durable: Map<string, Durable>): void {
  const stats = lstatSync(path, { bigint: true });
  durable.set(idOf(stats), stateOf(path, stats.isDirectory()));
  if (stats.isDirectory()) for (const name of readdirSync(path)) rememberTree(join(path, name), durable);
}

/** A file whose name is durable and whose bytes are not is empty, as is such a folder: which of the two it was is not known. */
async function restore(durable: ReadonlyMap<string, Durable>, id: string, path: string): Promise<void> {
  const state = durable.get(id);
  if (state === undefined || Buffer.isBuffer(state)) return writeFile(path, state ?? '');
  await mkdir(path, { recursive: true });
  for (const [name, child] of state) await restore(durable, child, join(path, name));
}
