import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { appendFile, cp, mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createFilesystemStore } from '../src/index.js';
import { collect, keysOf, read, rejectsWith, sha256, streamOf } from './conformance/suite.js';
import { filesBelow, JPEG, newRoot } from './helpers.js';

describe('a full disk', () => {
  const mounts: string[] = [];
  afterAll(() => {
    for (const folder of mounts) spawnSync('umount', [folder]);
  });
  const mount = async (): Promise<string> => {
    const root = await newRoot();
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', root]);
    if (status === 0) mounts.push(root);
    return root;
  };
  const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
  const onSmallDisk = mayMount
    ? (title: string, run: (root: string) => Promise<void>): void =>
        test(title, async () => {
          const root = await mount();
          if (mounts.includes(root)) await run(root);
        })
    : (title: string): void => test.skip(`${title} (needs root, to mount a disk of 2 MiB)`, () => {});

  onSmallDisk('is storage_full, and nothing of the put remains', async (root) => {
    const store = await createFilesystemStore({ root });
    await rejectsWith(store.put('big', streamOf(randomBytes(5_000_000)), JPEG), 'storage_full');
    expect(await filesBelow(root)).toEqual([]);
    await store.put('small', randomBytes(1_500_000), JPEG);
    await rejectsWith(store.put('small', randomBytes(1_500_000), JPEG), 'storage_full');
    expect(await filesBelow(root)).toEqual(['meta/small+.json', 'objects/small']);
    expect((await read(store, 'small')).length).toBe(1_500_000);
  });

  onSmallDisk('refuses a part, which can be sent again once there is room', async (root) => {
    const store = await createFilesystemStore({ root });
    await store.put('other', randomBytes(1_500_000), JPEG);
    const bytes = randomBytes(1_000_000);
    const upload = await store.beginUpload('photo', bytes.length, bytes.length, JPEG);
    await rejectsWith(store.writePart(upload, 0, streamOf(bytes)), 'storage_full');
    await store.delete('other');
    await store.completeUpload(upload, [await store.writePart(upload, 0, streamOf(bytes))]);
    expect(sha256(await read(store, 'photo'))).toBe(sha256(bytes));
  });

  onSmallDisk('is seen before it is full', async (root) => {
    const store = await createFilesystemStore({ root });
    const { free: before, total } = await store.diskSpace();
    expect(total).toBe(2 * 1024 ** 2);
    expect(before).toBeLessThanOrEqual(2 * 1024 ** 2);
    await store.put('photo', randomBytes(1024 ** 2), JPEG);
    expect(before - (await store.diskSpace()).free).toBeGreaterThanOrEqual(1024 ** 2);
    await rejectsWith(store.put('large', randomBytes(before), JPEG), 'storage_full');
    await store.delete('photo');
    // The empty file and folders that a sidecar needs stay.
    expect((await store.diskSpace()).free).toBeGreaterThan(before - 100_000);
  });

  onSmallDisk('takes nothing new, and can be opened, read and deleted from', async (root) => {
    const store = await createFilesystemStore({ root });
    await store.ready();
    await store.put('photo', Buffer.from('x'), JPEG);
    const filler = path.join(root, 'filler');
    await writeFile(filler, '');
    await expect(appendFile(filler, randomBytes(4_000_000))).rejects.toMatchObject({ code: 'ENOSPC' });
    await rejectsWith(store.ready(), 'storage_full');
    await (await createFilesystemStore({ root, readOnly: true })).ready();
    const reopened = await createFilesystemStore({ root });
    expect((await read(reopened, 'photo')).toString()).toBe('x');
    await reopened.delete('photo');
    expect(await filesBelow(root)).toEqual(['filler']);
  });
});

describe('a store for reading', () => {
  test('makes nothing, and is ready when there is something to read', async () => {
    const root = path.join(await newRoot(), 'photos');
    const reader = await createFilesystemStore({ root, readOnly: true });
    await rejectsWith(reader.ready(), 'storage_unavailable');
    await rejectsWith(reader.head('a/b'), 'storage_unavailable');
    expect(await readdir(path.dirname(root))).toEqual([]);
    const writer = await createFilesystemStore({ root });
    await writer.put('a/b', Buffer.from('x'), JPEG);
    await reader.ready();
    expect((await read(reader, 'a/b')).toString()).toBe('x');
  });
});

describe('a storage folder that cannot be used', () => {
  test('is named when the store is created', async () => {
    const root = await newRoot();
    await writeFile(path.join(root, 'file'), '');
    for (const impossible of [path.join(root, 'file'), path.join(root, 'file', 'below'), '/proc/photos']) {
      await expect(createFilesystemStore({ root: impossible })).rejects.toMatchObject({
        name: 'StorageUnavailableError',
        code: 'storage_unavailable',
        message: expect.stringContaining(impossible),
        cause: expect.anything(),
      });
    }
  });

  test('is unavailable when its disk goes, and nothing is made in its place', async () => {
    const root = await newRoot();
    const store = await createFilesystemStore({ root: path.join(root, 'disk') });
    await store.put('a/b', Buffer.from('x'), JPEG);
    const upload = await store.beginUpload('a/c', 1, 1, JPEG);
    await rename(path.join(root, 'disk'), path.join(root, 'unplugged'));
    await mkdir(path.join(root, 'disk')); // the empty mount point
    await rejectsWith(store.ready(), 'storage_unavailable');
    await rejectsWith(store.head('a/b'), 'storage_unavailable');
    await rejectsWith(store.diskSpace(), 'storage_unavailable');
    await rejectsWith(store.get('a/b'), 'storage_unavailable');
    await rejectsWith(store.put('a/b', Buffer.from('y'), JPEG), 'storage_unavailable');
    await rejectsWith(store.delete('a/b'), 'storage_unavailable');
    await rejectsWith(collect(store.list('')), 'storage_unavailable');
    await rejectsWith(store.beginUpload('a/d', 1, 1, JPEG), 'storage_unavailable');
    await rejectsWith(store.writePart(upload, 0, Readable.from([Buffer.from('z')])), 'storage_unavailable');
    await rejectsWith(store.completeUpload(upload, [{ index: 0, etag: 'e' }]), 'storage_unavailable');
    expect(await readdir(path.join(root, 'disk'))).toEqual([]);
  });
});

describe('files that others have touched', () => {
  test('a restored backup has all attributes, though its inodes and times are new', async () => {
    const [root, copy] = [await newRoot(), await newRoot()];
    const store = await createFilesystemStore({ root });
    await store.put('p', randomBytes(1000), JPEG);
    const info = await store.put('p', Buffer.from('replaced'), {
      ...JPEG,
      metadata: { 'file-name': 'пляж.jpg' },
    });
    await cp(root, copy, { recursive: true });
    const restored = await (await createFilesystemStore({ root: copy })).head('p');
    expect(restored).toEqual({ ...info, version: restored.version });
  });

  test('an object with a lost or broken sidecar can still be read', async () => {
    const root = await newRoot();
    const store = await createFilesystemStore({ root });
    await store.put('p', Buffer.from('bytes'), JPEG);
    for (const content of ['', '{"current":', '{"current":{}}', 'null']) {
      await writeFile(path.join(root, 'meta', 'p+.json'), content);
      expect(await store.head('p')).toMatchObject({
        size: 5,
        contentType: 'application/octet-stream',
        metadata: {},
      });
      expect((await read(store, 'p')).toString()).toBe('bytes');
    }
  });

  test('links and strange names are no objects', async () => {
    const root = await newRoot();
    const store = await createFilesystemStore({ root });
    await store.put('real', Buffer.from('x'), JPEG);
    await symlink('/etc/passwd', path.join(root, 'objects', 'link'));
    await symlink('/etc', path.join(root, 'objects', 'folder'));
    await writeFile(path.join(root, 'objects', 'backup~'), '');
    expect(await keysOf(store, '')).toEqual(['real']);
    await rejectsWith(store.get('link'), 'object_not_found');
    await rejectsWith(store.localPath('link'), 'object_not_found');
  });
});

describe('what only a file system has', () => {
  test('a key cannot be a folder of another key', async () => {
    const root = await newRoot();
    const store = await createFilesystemStore({ root });
    await store.put('a/b', Buffer.from('x'), JPEG);
    await rejectsWith(store.put('a/b/c', Buffer.from('y'), JPEG), 'invalid_key');
    await rejectsWith(store.put('a', Buffer.from('y'), JPEG), 'invalid_key');
    await rejectsWith(store.head('a'), 'object_not_found');
    await rejectsWith(store.get('a'), 'object_not_found');
    await store.delete('a');
    await store.delete('a/b/c');
    expect(await filesBelow(root)).toEqual(['meta/a/b+.json', 'objects/a/b']);
  });

  test('deleting leaves no empty folders', async () => {
    const root = await newRoot();
    const store = await createFilesystemStore({ root });
    await store.put('derived/u1/p1/thumb', Buffer.from('x'), JPEG);
    await store.delete('derived/u1/p1/thumb');
    for (const folder of ['objects', 'meta']) expect(await readdir(path.join(root, folder))).toEqual([]);
  });

  test('a put reads no further than the disk has taken', async () => {
    const root = await newRoot();
    const store = await createFilesystemStore({ root });
    let pulled = 0;
    let furthestAhead = 0;
    const [size, piece] = [16 * 1024 * 1024, 65_536];
    const written = async (): Promise<number> => {
      const [draft] = await readdir(path.join(root, 'tmp'));
      return draft === undefined ? 0 : statSync(path.join(root, 'tmp', draft)).size;
    };
    async function* pieces(): AsyncGenerator<Buffer> {
      for (; pulled < size; pulled += piece) {
        furthestAhead = Math.max(furthestAhead, pulled - (await written()));
        yield Buffer.alloc(piece);
      }
    }
    await store.put('big', Readable.from(pieces(), { objectMode: false }), JPEG);
    expect(furthestAhead).toBeLessThanOrEqual(1024 * 1024);
  });

  test('completing stops a late duplicate of a part, which must not write into the object', async () => {
    const root = await newRoot();
    const store = await createFilesystemStore({ root });
    const bytes = randomBytes(1000);
    const upload = await store.beginUpload('photo', bytes.length, bytes.length, JPEG);
    const slow = new Readable({ read() {} });
    slow.push(randomBytes(10));
    const late = expect(store.writePart(upload, 0, slow)).rejects.toMatchObject({ code: 'object_not_found' });
    const part = await store.writePart(upload, 0, streamOf(bytes));
    await store.completeUpload(upload, [part]);
    slow.push(randomBytes(990));
    slow.push(null);
    await late;
    expect(await read(store, 'photo')).toEqual(bytes);
    expect(await filesBelow(root)).toEqual(['meta/photo+.json', 'objects/photo']);
  });
});
