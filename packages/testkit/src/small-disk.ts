import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, statfsSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

/** Why this machine cannot mount a small disk; undefined if it can. In a container even root may be refused. */
export function whyNoDisk(): string | undefined {
  if (!isRoot) return 'only root can mount a small disk, on Linux';
  const { status } = spawnSync('unshare', ['--mount', 'true']);
  return status === 0 ? undefined : 'this root may not mount a disk';
}

export interface SmallDisk {
  path: string;
  free(): number;
  /** Fills it with a file of others, until so many bytes are free: to the last one, if none is given. */
  fill(leave?: number): void;
  /** Removes that file. */
  empty(): Promise<void>;
  unmount(): void;
}

const BLOCK_BYTES = 64 * 1024;

/** Mounts an empty disk of `megabytes` at a folder, which every user may enter. */
export async function mountSmallDisk(path: string, megabytes: number): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  const { status, stderr } = spawnSync(
    'mount',
    ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', path],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`could not mount a disk: ${stderr}`);
  const filler = `${path}/foreign-file`;
  const free = () => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
  return {
    path,
    free,
    fill: (leave = 0) => {
      const file = openSync(filler, 'a');
      try {
        const block = randomBytes(BLOCK_BYTES);
        while (free() > leave) writeSync(file, block, 0, Math.min(BLOCK_BYTES, free() - leave));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    empty: () => rm(filler, { force: true }),
    unmount: () => {
      // What still runs on it ends later.
      spawnSync('umount', ['--lazy', path]);
    },
  };
}
