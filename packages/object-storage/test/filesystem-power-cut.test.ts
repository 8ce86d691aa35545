import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type PowerCut, watchPowerCut } from '@lazyphotos/testkit';
import { createFilesystemStore, type FilesystemStore, type StoredPart } from '../src/index.js';
import { rejectsWith, sha256, streamOf } from './conformance/suite.js';
import { JPEG, newRoot } from './helpers.js';

const KEY = 'originals/u1/p1';
const PART = 10_000;
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

/** Each test cuts the power at the moment of an acknowledgement: what is not synced by then is lost, names and bytes alike. */
describeOnLinux('after a power cut', () => {
  const bytes = randomBytes(2 * PART + 5000);
  const attributes = { ...JPEG, metadata: { sha256: sha256(bytes) } };
  let root: string;
  let store: FilesystemStore;
  let power: PowerCut;
  beforeEach(async () => {
    root = await newRoot();
    store = await createFilesystemStore({ root });
    power = await watchPowerCut(root, [
      path.join(root, 'objects', KEY),
      path.join(root, 'meta', `${KEY}+.json`),
    ]);
  });
  afterEach(() => power.end());

  const afterPowerCut = async (): Promise<FilesystemStore> => {
    const restored = await newRoot();
    await power.restoreInto(restored);
    return createFilesystemStore({ root: restored });
  };
  const expectPhoto = async (in_: FilesystemStore): Promise<void> => {
    const { info, body } = await in_.get(KEY);
    expect(info).toMatchObject({ size: bytes.length, contentType: 'image/jpeg', etag: sha256(bytes) });
    expect(info.metadata).toEqual(attributes.metadata);
    expect(sha256(Buffer.concat(await body.toArray()))).toBe(sha256(bytes));
  };
  const partOf = (index: number): Buffer => bytes.subarray(index * PART, (index + 1) * PART);

  test('an object that was put is there, and was never to be seen before its bytes and its sidecar', async () => {
    await store.put(KEY, streamOf(bytes), attributes, { size: bytes.length });
    await expectPhoto(await afterPowerCut());
    expect(power.early).toEqual(new Set());
  });

  test('an object that was replaced is the new one', async () => {
    await store.put(KEY, randomBytes(bytes.length), JPEG);
    await store.put(KEY, bytes, attributes);
    await expectPhoto(await afterPowerCut());
    expect(power.early).toEqual(new Set());
  });

  test('an object that was deleted does not come back', async () => {
    await store.put(KEY, bytes, attributes);
    await store.delete(KEY);
    await rejectsWith((await afterPowerCut()).head(KEY), 'object_not_found');
  });

  test('a put that is not acknowledged has left the object that was there', async () => {
    await store.put(KEY, bytes, attributes);
    const broken = streamOf(randomBytes(10));
    await expect(store.put(KEY, broken, JPEG, { size: 11 })).rejects.toThrow();
    await expectPhoto(await afterPowerCut());
  });

  test('an upload that was begun takes parts', async () => {
    const upload = await store.beginUpload(KEY, bytes.length, PART, attributes);
    const restarted = await afterPowerCut();
    const parts: StoredPart[] = [];
    for (const index of [0, 1, 2])
      parts.push(await restarted.writePart(upload, index, streamOf(partOf(index))));
    await restarted.completeUpload(upload, parts);
    await expectPhoto(restarted);
  });

  test('each part that was acknowledged is there, also one that was sent again', async () => {
    const upload = await store.beginUpload(KEY, bytes.length, PART, attributes);
    const acknowledged: StoredPart[] = [];
    await store.writePart(upload, 1, streamOf(randomBytes(PART)));
    for (const index of [2, 0, 1]) {
      acknowledged[index] = await store.writePart(upload, index, streamOf(partOf(index)));
      const restarted = await afterPowerCut();
      const parts = await Promise.all(
        [0, 1, 2].map(
          (each) => acknowledged[each] ?? restarted.writePart(upload, each, streamOf(partOf(each))),
        ),
      );
      await restarted.completeUpload(upload, parts);
      await expectPhoto(restarted);
    }
  });

  test('an upload that was completed is the object, with a part that was sent again', async () => {
    const upload = await store.beginUpload(KEY, bytes.length, PART, attributes);
    await store.writePart(upload, 1, streamOf(randomBytes(PART)));
    const write = (index: number) => store.writePart(upload, index, streamOf(partOf(index)));
    await store.completeUpload(upload, [await write(0), await write(1), await write(2)]);
    await expectPhoto(await afterPowerCut());
    expect(power.early).toEqual(new Set());
  });

  test('an upload that was aborted takes no room', async () => {
    const upload = await store.beginUpload(KEY, bytes.length, PART, attributes);
    await store.writePart(upload, 0, streamOf(partOf(0)));
    await store.abortUpload(upload);
    const restored = await newRoot();
    await power.restoreInto(restored);
    expect(await readdir(path.join(restored, 'staging'))).toEqual([]);
  });
});

describeOnLinux('a store that was created', () => {
  test('is there after a power cut, in new folders', async () => {
    const [above, restored] = [await newRoot(), await newRoot()];
    const power = await watchPowerCut(above);
    try {
      const store = await createFilesystemStore({ root: path.join(above, 'new', 'disk') });
      await store.put(KEY, Buffer.from('photo'), JPEG);
      await power.restoreInto(restored);
    } finally {
      power.end();
    }
    const again = await createFilesystemStore({ root: path.join(restored, 'new', 'disk'), readOnly: true });
    expect(await again.head(KEY)).toMatchObject({ size: 5, contentType: 'image/jpeg' });
  });
});
