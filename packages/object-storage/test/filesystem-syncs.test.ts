import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createFilesystemStore, type LocalFiles, type ObjectStore } from '../src/index.js';
import { read, rejectsWith, sha256, streamOf } from './conformance/suite.js';
import { filesBelow, JPEG, newRoot } from './helpers.js';

const BYTES = randomBytes(20_000);
const PREVIEW = { ...JPEG, metadata: { sha256: sha256(BYTES) } };
const KEY = 'derived/u1/p1/thumb';

/** All open files of the process share it. */
let handles: FileHandle;
beforeAll(async () => {
  const handle = await open('.', 'r');
  handles = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** Counts the syncs of files and of folders while `work` runs. */
async function syncsOf(work: () => Promise<unknown>): Promise<{ files: number; folders: number }> {
  const [files, folders] = [jest.spyOn(handles, 'datasync'), jest.spyOn(handles, 'sync')];
  await work();
  const counted = { files: files.mock.calls.length, folders: folders.mock.calls.length };
  jest.restoreAllMocks();
  return counted;
}

describe('syncs', () => {
  test('an original waits for its bytes, its sidecar and both folders', async () => {
    const store = await createFilesystemStore({ root: await newRoot() });
    await store.put('originals/u1/p0', BYTES, JPEG);
    const put = () => store.put('originals/u1/p1', streamOf(BYTES), JPEG, { size: BYTES.length });
    expect(await syncsOf(put)).toEqual({ files: 2, folders: 2 });
    const upload = await store.beginUpload('originals/u1/p2', BYTES.length, BYTES.length, JPEG);
    const part = await store.writePart(upload, 0, streamOf(BYTES));
    // The bytes were synced with their part.
    expect(await syncsOf(() => store.completeUpload(upload, [part]))).toEqual({ files: 1, folders: 2 });
  });

  test('an object that can be made again waits for none, nor do its new folders', async () => {
    const store = await createFilesystemStore({ root: await newRoot() });
    const put = (key: string) => store.put(key, BYTES, PREVIEW, { reproducible: true });
    expect(await syncsOf(() => put(KEY))).toEqual({ files: 0, folders: 0 });
    expect(await syncsOf(() => put('derived/u1/p1/medium'))).toEqual({ files: 0, folders: 0 });
    expect(await syncsOf(() => put(KEY))).toEqual({ files: 0, folders: 0 });
  });

  test('a folder that was created without a sync is synced by the first object that must survive', async () => {
    const store = await createFilesystemStore({ root: await newRoot() });
    await store.put('shared/deep/preview', BYTES, PREVIEW, { reproducible: true });
    // Two folders on the way and the last one, for the data and for the sidecar.
    expect(await syncsOf(() => store.put('shared/deep/photo', BYTES, JPEG))).toEqual({
      files: 2,
      folders: 6,
    });
    await store.delete('shared/deep/photo');
    await store.delete('shared/deep/preview');
    await store.put('shared/deep/preview', BYTES, PREVIEW, { reproducible: true });
    expect(await syncsOf(() => store.put('shared/deep/photo', BYTES, JPEG))).toEqual({
      files: 2,
      folders: 6,
    });
  });
});

describe('what a power cut leaves of an object that can be made again', () => {
  const damages: Record<string, (files: { data: string; sidecar: string }) => Promise<void>> = {
    'an empty file': ({ data }) => truncate(data),
    'half a file': ({ data }) => truncate(data, BYTES.length / 2),
    'an empty sidecar': ({ sidecar }) => truncate(sidecar),
    'half a sidecar': ({ sidecar }) => truncate(sidecar, 40),
    'a sidecar of zeros': ({ sidecar }) => writeFile(sidecar, Buffer.alloc(300)),
    'no sidecar': ({ sidecar }) => rm(sidecar),
  };

  async function damaged(damage: string): Promise<ObjectStore & LocalFiles> {
    const root = await newRoot();
    const before = await createFilesystemStore({ root });
    await before.put(KEY, BYTES, PREVIEW, { reproducible: true });
    const [data, sidecar] = [path.join(root, 'objects', KEY), path.join(root, 'meta', `${KEY}+.json`)];
    await damages[damage]?.({ data, sidecar });
    return createFilesystemStore({ root });
  }

  test.each(Object.keys(damages))('%s is told apart, and replaced by the next put', async (damage) => {
    const store = await damaged(damage);
    expect(await store.head(KEY)).toMatchObject({ isDamaged: true, metadata: {} });
    const { info, body } = await store.get(KEY);
    body.destroy();
    expect(info.isDamaged).toBe(true);
    await store.put(KEY, BYTES, PREVIEW, { reproducible: true });
    const again = await store.head(KEY);
    expect(again).toMatchObject({ etag: sha256(BYTES), contentType: 'image/jpeg' });
    expect(again.isDamaged).toBeUndefined();
    expect(await read(store, KEY)).toEqual(BYTES);
  });

  test('a sidecar alone is nothing', async () => {
    const root = await newRoot();
    const store = await createFilesystemStore({ root });
    await store.put(KEY, BYTES, PREVIEW, { reproducible: true });
    await rm(path.join(root, 'objects', KEY));
    await rejectsWith(store.head(KEY), 'object_not_found');
    await rejectsWith(store.get(KEY), 'object_not_found');
    await store.delete(KEY);
    expect(await filesBelow(root)).toEqual([]);
  });

  test('the older version beside the newer sidecar, or the reverse, is whole or told apart', async () => {
    const root = await newRoot();
    const store = await createFilesystemStore({ root });
    const [data, sidecar] = [path.join(root, 'objects', KEY), path.join(root, 'meta', `${KEY}+.json`)];
    await store.put(KEY, Buffer.from('older'), JPEG, { reproducible: true });
    const kept = `${sidecar}.kept`;
    await writeFile(kept, await readFile(sidecar));
    await store.put(KEY, BYTES, PREVIEW, { reproducible: true });
    await writeFile(sidecar, await readFile(kept));
    expect(await store.head(KEY)).toMatchObject({ isDamaged: true });
    await store.put(KEY, BYTES, PREVIEW, { reproducible: true });
    await truncate(data, 5);
    expect(await store.head(KEY)).toMatchObject({ isDamaged: true });
  });
});
