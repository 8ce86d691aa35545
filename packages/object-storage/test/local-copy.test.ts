import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  createFilesystemStore,
  hasLocalFiles,
  type LocalFiles,
  type ObjectStore,
  removeOldCopies,
  withLocalFile,
} from '../src/index.js';
import { JPEG, newRoot } from './helpers.js';

test('copies of killed processes are removed, those in use and other files are not', async () => {
  const folder = path.join(await newRoot(), 'made/when/needed');
  await removeOldCopies(folder, 1000);
  const longAgo = new Date(Date.now() - 60_000);
  for (const name of ['object-old', 'object-new', 'other-old']) {
    await writeFile(path.join(folder, name), '');
    if (name.endsWith('old')) await utimes(path.join(folder, name), longAgo, longAgo);
  }
  await removeOldCopies(folder, 30_000);
  expect((await readdir(folder)).sort()).toEqual(['object-new', 'other-old']);
});

describe('withLocalFile', () => {
  let root: string;
  let scratch: string;
  let local: ObjectStore & LocalFiles;
  let remote: ObjectStore;
  beforeAll(async () => {
    [root, scratch] = [await newRoot(), await newRoot()];
    local = await createFilesystemStore({ root });
    const { localPath: _, ...methods } = local;
    remote = methods;
    await local.put('a/photo', Buffer.from('pixels'), JPEG);
  });

  test('names the stored file itself where there is one', async () => {
    expect(hasLocalFiles(local)).toBe(true);
    const seen = await withLocalFile(local, 'a/photo', scratch, async (file) => file);
    expect(seen).toBe(path.join(root, 'objects/a/photo'));
  });

  test('makes a copy otherwise, and removes it', async () => {
    expect(hasLocalFiles(remote)).toBe(false);
    const folder = path.join(scratch, 'made/when/needed');
    const content = await withLocalFile(remote, 'a/photo', folder, (file) => readFile(file, 'utf8'));
    expect(content).toBe('pixels');
    expect(await readdir(folder)).toEqual([]);
  });

  test('removes the copy when the work fails', async () => {
    const failing = withLocalFile(remote, 'a/photo', scratch, () => Promise.reject(new Error('no image')));
    await expect(failing).rejects.toThrow('no image');
    expect((await readdir(scratch)).filter((name) => name.startsWith('object-'))).toEqual([]);
  });

  test('tells a scratch folder that cannot be written from faults of the work', async () => {
    const folder = path.join(scratch, 'a-file');
    await writeFile(folder, '');
    const failing = withLocalFile(remote, 'a/photo', path.join(folder, 'copies'), async () => {});
    await expect(failing).rejects.toMatchObject({ code: 'storage_unavailable' });
  });

  test('says when there is no such object', async () => {
    for (const store of [local, remote]) {
      const missing = withLocalFile(store, 'a/none', scratch, async () => {});
      await expect(missing).rejects.toMatchObject({ code: 'object_not_found' });
    }
  });
});
