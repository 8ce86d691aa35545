import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeFolderDurably, syncFolder, writeFileDurably } from '../src/index.js';

describe('writeFileDurably', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lazyphotos-system-'));
    file = join(folder, 'secret');
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('creates a file that only its owner can read, and leaves nothing else', async () => {
    await writeFileDurably(file, 'one');
    expect(await readFile(file, 'utf8')).toBe('one');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['secret']);
  });

  test('replaces a file, and its mode', async () => {
    await writeFile(file, 'a longer old content', { mode: 0o644 });
    await writeFileDurably(file, 'new');
    expect(await readFile(file, 'utf8')).toBe('new');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('after concurrent writes, one of the contents is there as a whole', async () => {
    const contents = Array.from({ length: 8 }, (_, index) => String(index).repeat(10_000));
    await Promise.all(contents.map((content) => writeFileDurably(file, content)));
    expect(contents).toContain(await readFile(file, 'utf8'));
    expect(await readdir(folder)).toEqual(['secret']);
  });

  test('a failure leaves nothing behind', async () => {
    await mkdir(join(file, 'in the way'), { recursive: true });
    await expect(writeFileDurably(file, 'new')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['secret']);
    await expect(writeFileDurably(join(folder, 'missing', 'file'), 'new')).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  test('makes folders that are missing, and leaves those that are there', async () => {
    const deep = join(folder, 'a', 'b', 'c');
    await Promise.all([makeFolderDurably(deep, 0o700), makeFolderDurably(deep, 0o700)]);
    expect((await stat(deep)).mode & 0o777).toBe(0o700);
    await makeFolderDurably(deep, 0o755);
    expect((await stat(deep)).mode & 0o777).toBe(0o700);
    await writeFile(file, '');
    await expect(makeFolderDurably(file)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolderDurably(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    if (process.platform === 'linux')
      await expect(makeFolderDurably('/proc/photos/below')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a missing folder cannot be synced', async () => {
    await syncFolder(folder);
    await expect(syncFolder(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
