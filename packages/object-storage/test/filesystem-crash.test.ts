import { createHash } from 'node:crypto';
import { cp, link, mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import {
  createFilesystemStore,
  type LocalFiles,
  type ObjectStore,
  type StagedUpload,
  type StoredPart,
} from '../src/index.js';
import { collect, read, rejectsWith, sha256 } from './conformance/suite.js';
import { filesBelow, JPEG, newRoot, startCrashChild } from './helpers.js';

const KEY = 'originals/u1/p1';
const BYTES = Buffer.from('the new photo');

interface Staged {
  store: ObjectStore & LocalFiles;
  upload: StagedUpload;
  parts: StoredPart[];
  folder: string;
}

async function stageIn(root: string): Promise<Staged> {
  const store = await createFilesystemStore({ root });
  const upload = await store.beginUpload(KEY, BYTES.length, 100, {
    ...JPEG,
    metadata: { sha256: sha256(BYTES) },
  });
  const parts = [await store.writePart(upload, 0, Readable.from([BYTES]))];
  return { store, upload, parts, folder: path.join(root, 'staging', upload.uploadId) };
}

/**
 * Completes the upload, then puts the files back to where they were between two of its steps: the sidecar in place, the data
 * not yet renamed. Renaming keeps the inode, as in the real sequence.
 */
async function crashBeforeTheRename(root: string, { store, upload, parts, folder }: Staged): Promise<void> {
  const object = path.join(root, 'objects', KEY);
  const [marks, old] = [path.join(root, 'marks'), path.join(root, 'old')];
  await cp(folder, marks, { recursive: true });
  const hadObject = await link(object, old).then(
    () => true,
    () => false,
  );
  await store.completeUpload(upload, parts);
  await rename(marks, folder);
  await rename(object, path.join(folder, 'data'));
  if (hadObject) await rename(old, object);
}

describe('a crash during complete', () => {
  test('before the data is renamed: nothing is visible, and completing again finishes it', async () => {
    const root = await newRoot();
    const staged = await stageIn(root);
    await crashBeforeTheRename(root, staged);
    const store = await createFilesystemStore({ root });
    await rejectsWith(store.head(KEY), 'object_not_found');
    expect(await collect(store.list(''))).toEqual([]);
    const info = await store.completeUpload(staged.upload, staged.parts);
    expect(info).toMatchObject({ key: KEY, size: BYTES.length, etag: sha256(BYTES) });
    expect(await read(store, KEY)).toEqual(BYTES);
  });

  test('before the data is renamed: the object that it would replace stays as it was', async () => {
    const root = await newRoot();
    const staged = await stageIn(root);
    // The same length, so that nothing but the version can tell them apart.
    const old = await staged.store.put(KEY, Buffer.from('THE OLD PHOTO'), {
      ...JPEG,
      metadata: { owner: 'ann' },
    });
    await crashBeforeTheRename(root, staged);
    const store = await createFilesystemStore({ root });
    expect(await store.head(KEY)).toEqual(old);
    expect((await read(store, KEY)).toString()).toBe('THE OLD PHOTO');
    await store.completeUpload(staged.upload, staged.parts);
    expect((await store.head(KEY)).etag).toBe(sha256(BYTES));
    expect(await read(store, KEY)).toEqual(BYTES);
  });

  test('before the data is renamed: aborting forgets the parts, and a delete leaves no sidecar', async () => {
    const root = await newRoot();
    const staged = await stageIn(root);
    await crashBeforeTheRename(root, staged);
    const store = await createFilesystemStore({ root });
    await store.abortUpload(staged.upload);
    await store.delete(KEY);
    expect(await filesBelow(root)).toEqual([]);
  });

  test('before the staging folder is removed: completing again returns the same', async () => {
    for (const restarted of [true, false]) {
      const root = await newRoot();
      const { store, upload, parts, folder } = await stageIn(root);
      const kept = path.join(root, 'kept');
      await cp(folder, kept, { recursive: true });
      const info = await store.completeUpload(upload, parts);
      await rm(path.join(kept, 'data'));
      await rename(kept, folder);
      const after = restarted ? await createFilesystemStore({ root }) : store;
      expect(await after.completeUpload(upload, parts)).toEqual(info);
      expect(await readdir(path.join(root, 'staging'))).toEqual([]);
    }
  });
});

describe('a killed process', () => {
  test('in mid-put leaves nothing, and its temporary file goes at the next start', async () => {
    const root = await newRoot();
    const child = startCrashChild(root, 'put');
    await child.said((lines) => lines.includes('stalled'));
    expect((await filesBelow(path.join(root, 'tmp'))).length).toBe(1);

    await createFilesystemStore({ root });
    expect((await filesBelow(path.join(root, 'tmp'))).length).toBe(1); // its owner is alive

    await child.kill();
    const store = await createFilesystemStore({ root });
    expect(await filesBelow(root)).toEqual([]);
    await rejectsWith(store.head('photos/stalled'), 'object_not_found');
  });

  test('in mid-part keeps the parts that were stored', async () => {
    const root = await newRoot();
    const child = startCrashChild(root, 'part');
    await child.said((lines) => lines.includes('stalled'));
    await child.kill();
    const { upload, tail } = JSON.parse(child.lines[0] ?? '') as { upload: StagedUpload; tail: StoredPart };

    const store = await createFilesystemStore({ root });
    await rejectsWith(
      store.completeUpload(upload, [{ index: 0, etag: '0'.repeat(32) }, tail]),
      'part_mismatch',
    );
    const head = await store.writePart(upload, 0, Readable.from([Buffer.alloc(1_500_000, 'head')]));
    await store.completeUpload(upload, [head, tail]);
    const expected = Buffer.concat([Buffer.alloc(1_500_000, 'head'), Buffer.alloc(500_000, 'tail')]);
    expect(sha256(await read(store, 'photos/staged'))).toBe(sha256(expected));
  });

  test('at any moment leaves whole objects only, and all that it acknowledged', async () => {
    const root = await newRoot();
    for (let round = 0; round < 8; round++) {
      const child = startCrashChild(root, 'busy');
      await child.said((lines) => lines.length > 5 + round * 7);
      await child.kill();

      const store = await createFilesystemStore({ root });
      expect(await readdir(path.join(root, 'tmp'))).toEqual([]);
      const keys = new Set<string>();
      for await (const info of store.list('')) {
        keys.add(info.key);
        const bytes = await read(store, info.key);
        expect(info).toMatchObject({ contentType: 'image/jpeg', size: bytes.length, etag: sha256(bytes) });
      }
      expect([...new Set(child.lines)].filter((key) => !keys.has(key))).toEqual([]);
    }
  });

  test('leaves a temporary folder of an upload that never began; it goes too', async () => {
    const root = await newRoot();
    await createFilesystemStore({ root });
    const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 12);
    await mkdir(path.join(root, 'tmp', `${host}-999999999-1-abc`, 'deep'), { recursive: true });
    await createFilesystemStore({ root });
    expect(await readdir(path.join(root, 'tmp'))).toEqual([]);
  });

  test("what another host, or container, writes stays for a day: its processes' numbers say nothing here", async () => {
    const root = await newRoot();
    await createFilesystemStore({ root });
    const [fresh, old] = ['aaaaaaaaaaaa-1-1-abc', 'bbbbbbbbbbbb-1-1-abc'].map((name) =>
      path.join(root, 'tmp', name),
    );
    for (const file of [fresh, old]) await writeFile(String(file), 'half');
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
    await utimes(String(old), twoDaysAgo, twoDaysAgo);
    await createFilesystemStore({ root });
    expect(await readdir(path.join(root, 'tmp'))).toEqual([path.basename(String(fresh))]);
  });
});
