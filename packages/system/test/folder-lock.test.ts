import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LockTimeoutError, withFolderLock, withSocketLock } from '../src/index.js';

const CHILD = fileURLToPath(new URL('./lock-child.mjs', import.meta.url));

describe('withFolderLock', () => {
  let root: string;
  let count = 0;
  // Longer than the address of a socket may be.
  const newFolder = () => join(root, 'a'.repeat(120), String(count++));
  const refused = (folder: string, waitMs: number) =>
    expect(withFolderLock(folder, async () => {}, { waitMs })).rejects.toThrow(LockTimeoutError);
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'lazyphotos-lock-'));
  });
  afterAll(() => rm(root, { recursive: true }));

  test('lets one at a time work, and leaves nothing behind', async () => {
    const folder = newFolder();
    let working = 0;
    const most: number[] = [];
    const work = () =>
      withFolderLock(folder, async () => {
        working += 1;
        most.push(working);
        await refused(folder, 0);
        await refused(folder, 60);
        working -= 1;
      });
    await Promise.all(Array.from({ length: 8 }, work));
    expect(most).toEqual(Array.from({ length: 8 }, () => 1));
    expect(await readdir(folder)).toEqual([]);
  });

  test('returns what the work returns, and is free after a failure', async () => {
    const folder = newFolder();
    await expect(withFolderLock(folder, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await withFolderLock(folder, async () => 7, { waitMs: 0 })).toBe(7);
  });

  test('is free when the process that had it is killed', async () => {
    const folder = newFolder();
    const child = fork(CHILD, [folder, 'folder'], { execArgv: [] });
    await once(child, 'message');
    await refused(folder, 0);
    const waiting = withFolderLock(folder, async () => 'mine');
    child.kill('SIGKILL');
    expect(await waiting).toBe('mine');
    expect(await readdir(folder)).toEqual([]);
  });

  test('cannot be taken from outside of the folder, which is for its owner alone', async () => {
    const folder = newFolder();
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o777);
    const taken = await withSocketLock(folder, () =>
      withFolderLock(folder, async () => 'mine', { waitMs: 0 }),
    );
    expect(taken).toBe('mine');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });
});
