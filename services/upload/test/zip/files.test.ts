import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, open, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createFilesystemStore, type ObjectStore } from '@lazyphotos/object-storage';
import {
  type ArchivedFile,
  type ArchiveSource,
  localArchive,
  openEntry,
  storedArchive,
} from '../../src/imports/zip/index.js';
import { centralHeader, localHeader, rawZip, zip64End } from './raw-zip.js';
import { contentOf, list } from './sources.js';

const GIB5 = 5 * 1024 ** 3;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lazyphotos-zip-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const content = randomBytes(1_000_000);
const archive = rawZip([{ name: 'a.jpg', method: 8, content }, { name: 'b.json' }]);

describe('an archive in the object store', () => {
  let store: ObjectStore;
  beforeAll(async () => {
    store = await createFilesystemStore({ root: path.join(folder, 'store') });
    await store.put('archives/u/a', archive, { contentType: 'application/zip' });
  });

  test('is read by ranges', async () => {
    const source = storedArchive(store, 'archives/u/a', archive.length);
    const files = await list(source);
    expect(await contentOf(source, files[0] as ArchivedFile)).toEqual(content);
    expect((await contentOf(source, files[1] as ArchivedFile)).toString()).toBe('content');
    await source.close();
  });

  test('that is not there is an error of the store', async () => {
    const source = storedArchive(store, 'archives/u/none', archive.length);
    await expect(list(source)).rejects.toMatchObject({ code: 'object_not_found' });
  });

  test('of another size has changed', async () => {
    const source = storedArchive(store, 'archives/u/a', archive.length - 10);
    await expect(list(source)).rejects.toMatchObject({ name: 'ArchiveError', code: 'archive_changed' });
  });
});

describe('an archive in a folder', () => {
  const written = async (name: string): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(file, archive);
    return file;
  };
  const seen = async (file: string) => {
    const { size, mtime } = await stat(file);
    return { size, modifiedAt: mtime };
  };

  test('is read by ranges', async () => {
    const file = await written('fine.zip');
    const source = await localArchive(file, await seen(file));
    const files = await list(source);
    expect(await contentOf(source, files[0] as ArchivedFile)).toEqual(content);
    await source.close();
  });

  test('that is touched or of another size has changed', async () => {
    const file = await written('changed.zip');
    const before = await seen(file);
    await utimes(file, new Date(), new Date(before.modifiedAt.getTime() + 1000));
    await expect(localArchive(file, before)).rejects.toMatchObject({ code: 'archive_changed' });
    const { modifiedAt } = await seen(file);
    await expect(localArchive(file, { size: 1, modifiedAt })).rejects.toMatchObject({
      code: 'archive_changed',
    });
  });

  test('that changes while it is read has changed', async () => {
    const file = await written('growing.zip');
    const source = await localArchive(file);
    const [first] = (await list(source)) as [ArchivedFile];
    await appendFile(file, 'more');
    await expect(openEntry(source, first)).rejects.toMatchObject({ code: 'archive_changed' });
    await source.close();
    const shrinking = await localArchive(await written('shrinking.zip'));
    const stream = await shrinking.read(0, archive.length - 1);
    await truncate(path.join(folder, 'shrinking.zip'), 100);
    await expect(stream.toArray()).rejects.toMatchObject({ code: 'archive_changed' });
    await shrinking.close();
  });

  test('must be there, and a regular file', async () => {
    const file = await written('real.zip');
    await expect(localArchive(path.join(folder, 'none.zip'))).rejects.toMatchObject({
      code: 'archive_missing',
    });
    await expect(localArchive(path.join(file, 'below.zip'))).rejects.toMatchObject({
      code: 'archive_missing',
    });
    const link = path.join(folder, 'link.zip');
    await symlink(file, link);
    const pipe = path.join(folder, 'pipe.zip');
    execFileSync('mkfifo', [pipe]);
    for (const other of [link, pipe, folder]) {
      await expect(localArchive(other)).rejects.toMatchObject({ code: 'not_an_archive' });
    }
  });
});

test('an archive of 5 GiB takes no more memory than a small one', async () => {
  // With the CRC-32 of that many zeros.
  const video = { name: 'video.mp4', zip64: true, size: GIB5, compressedSize: GIB5, crc: 0x193838c3 };
  const photo = { name: 'photo.jpg', zip64: true, content };
  const file = path.join(folder, 'large.zip');
  const photoAt = localHeader(video).length + GIB5;
  const photoHeader = localHeader(photo);
  const tableAt = photoAt + photoHeader.length + content.length;
  const table = Buffer.concat([centralHeader(video, 0), centralHeader(photo, photoAt)]);
  const handle = await open(file, 'w');
  await handle.write(localHeader(video), 0, undefined, 0);
  await handle.write(Buffer.concat([photoHeader, content]), 0, undefined, photoAt);
  await handle.write(Buffer.concat([table, zip64End(2, table.length, tableAt)]), 0, undefined, tableAt);
  await handle.close();

  const source = await localArchive(file);
  const [first, second] = (await list(source)) as [ArchivedFile, ArchivedFile];
  expect([first, second]).toMatchObject([
    { path: 'video.mp4', sizeBytes: GIB5, problem: undefined },
    { path: 'photo.jpg', headerOffset: photoAt, problem: undefined },
  ]);
  expect(await contentOf(source, second)).toEqual(content);

  // Zeros that are made here are the same bytes, without the time that a disk takes.
  const quick: ArchiveSource = {
    ...source,
    read: (start, end) =>
      end - start > GIB5 / 2
        ? Promise.resolve(Readable.from(zeros(end - start + 1)))
        : source.read(start, end),
  };
  const before = process.memoryUsage.rss();
  let most = 0;
  let bytes = 0;
  for await (const part of await openEntry(quick, first)) {
    bytes += (part as Buffer).length;
    most = Math.max(most, process.memoryUsage.rss() - before);
  }
  expect(bytes).toBe(GIB5);
  expect(most).toBeLessThan(300 * 1024 ** 2);
  await source.close();
});

function* zeros(length: number): Generator<Buffer> {
  const step = 256 * 1024;
  for (let left = length; left > 0; left -= step) yield Buffer.alloc(Math.min(step, left));
}
