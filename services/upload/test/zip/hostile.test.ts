import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  centralHeader,
  endRecord,
  extraField,
  localHeader,
  type RawEntry,
  rawZip,
  zip64End,
} from './raw-zip.js';
import { bufferSource, contentOf, list, problemsOf } from './sources.js';

const problemOf = async (entry: RawEntry): Promise<string | undefined> => {
  const files = await list(bufferSource(rawZip([entry])));
  expect(files).toHaveLength(1);
  return files[0]?.problem?.code;
};

describe('a path that leads out of the archive', () => {
  test.each([
    '../photo.jpg',
    'a/../../photo.jpg',
    'a/..',
    '.. /photo.jpg',
    '..\\photo.jpg',
    'a\\..\\..\\photo.jpg',
    '/etc/passwd',
    '//server/share/photo.jpg',
    '\\\\server\\share\\photo.jpg',
    '\\photo.jpg',
    'C:\\photo.jpg',
    'c:photo.jpg',
    'a//photo.jpg',
    'photo\0.jpg',
    'CON',
    'con.jpg',
    'a/AUX.jpg',
    'Nul/photo.jpg',
    'COM1',
    'lpt9.tar.gz',
    'COM¹.jpg',
    'PRN .jpg',
    'nul:stream',
  ])('%j is refused', async (name) => {
    expect(await problemOf({ name })).toBe('unsafe_path');
  });

  test.each([
    'photo..jpg',
    '..photo.jpg',
    'a/...b/photo.jpg',
    'console.jpg',
    'COM10.jpg',
    'auxiliary/com.jpg',
    './a/photo.jpg',
    'a/10:30.jpg',
    '🏖/Größe.jpg',
  ])('%j is not one', async (name) => {
    expect(await problemOf({ name })).toBeUndefined();
  });

  test('the path of the report has neither backslashes nor NUL', async () => {
    const entries = [{ name: 'a\\b\0.jpg' }, { name: './a/./c.jpg' }];
    expect((await list(bufferSource(rawZip(entries)))).map(({ path }) => path)).toEqual([
      'a/b\uFFFD.jpg',
      'a/c.jpg',
    ]);
  });

  test('a folder with content is not a folder', async () => {
    expect(await problemOf({ name: 'folder/' })).toBe('unsafe_path');
  });
});

test.each([
  ['a symbolic link', 0o120777],
  ['a named pipe', 0o010644],
  ['a socket', 0o140644],
  ['a character device', 0o020644],
  ['a block device', 0o060644],
])('%s is refused', async (_what, mode) => {
  expect(await problemOf({ name: 'photo.jpg', mode })).toBe('unsafe_type');
});

test('a path that is too long is refused and shown shortened', async () => {
  const long = `${'ä'.repeat(600)}/photo.jpg`;
  // Each letter becomes three times as long in Unicode form NFC.
  const growing = '\u{1d160}'.repeat(250);
  const files = await list(
    bufferSource(rawZip([{ name: long }, { name: growing }, { name: 'x'.repeat(1000) }])),
  );
  expect(files.map(({ problem }) => problem?.code)).toEqual(['name_too_long', 'name_too_long', undefined]);
  for (const { path } of files) {
    expect(Buffer.byteLength(path.normalize('NFC'))).toBeLessThanOrEqual(1024);
    expect(path.isWellFormed()).toBe(true);
  }
  expect(files[0]?.path).toMatch(/^ä+…$/);
});

describe('what cannot be unpacked', () => {
  test.each<[string, RawEntry, string]>([
    ['an encrypted file', { name: 'a.jpg', flags: 0x801 }, 'encrypted'],
    ['a file encrypted with AES', { name: 'a.jpg', flags: 0x801, method: 99 }, 'encrypted'],
    ['LZMA', { name: 'a.jpg', method: 14 }, 'compression_unsupported'],
    ['Deflate64', { name: 'a.jpg', method: 9 }, 'compression_unsupported'],
    ['stored bytes with two sizes', { name: 'a.jpg', size: 8 }, 'size_mismatch'],
    ['bytes behind the end', { name: 'a.jpg', compressedSize: 4_000_000, size: 4_000_000 }, 'entry_damaged'],
    ['a header behind the end', { name: 'a.jpg', offset: 4_000_000 }, 'entry_damaged'],
    [
      'sizes that are not numbers',
      { name: 'a.jpg', zip64: true, size: 2 ** 60, compressedSize: 2 ** 60 },
      'entry_damaged',
    ],
  ])('%s', async (_what, entry, code) => {
    expect(await problemOf(entry)).toBe(code);
  });

  test('the others of the archive are fine', async () => {
    const source = bufferSource(
      rawZip([{ name: 'a.jpg' }, { name: 'b.jpg', flags: 0x801 }, { name: '../c.jpg' }]),
    );
    const files = await list(source);
    expect(problemsOf(files)).toEqual({
      'a.jpg': undefined,
      'b.jpg': 'encrypted',
      '../c.jpg': 'unsafe_path',
    });
    expect(await contentOf(source, files[0] as (typeof files)[0])).toEqual(Buffer.from('content'));
  });

  test('strong encryption is a matter of the whole archive', async () => {
    await expect(list(bufferSource(rawZip([{ name: 'a.jpg', flags: 0x841 }])))).rejects.toMatchObject({
      name: 'ArchiveError',
      code: 'archive_encrypted',
    });
  });
});

describe('bombs', () => {
  const MIB = 1024 ** 2;

  test('a file that is packed too tightly', async () => {
    const entry = { name: 'zeros.tif', method: 8, content: Buffer.alloc(20 * MIB) };
    expect(await problemOf(entry)).toBe('entry_bomb');
    expect(await problemOf({ ...entry, content: Buffer.alloc(MIB) })).toBeUndefined();
  });

  test('a file with a size that deflate cannot reach: the size is ignored', async () => {
    const packed = Buffer.alloc(1000);
    const [file] = await list(bufferSource(rawZip([{ name: 'a.jpg', method: 8, packed, size: 2_000_000 }])));
    expect(file).toMatchObject({ sizeBytes: 1_032_000, problem: { code: 'entry_bomb' } });
  });

  test('a file over the limit', async () => {
    const files = await list(bufferSource(rawZip([{ name: 'a.jpg' }])), { maxFileBytes: 6 });
    expect(files[0]?.problem?.code).toBe('entry_bomb');
  });

  test('many files that are harmless each', async () => {
    const content = Buffer.alloc(MIB);
    const entries = Array.from({ length: 20 }, (_, index) => ({ name: `${index}.tif`, method: 8, content }));
    const source = bufferSource(rawZip(entries));
    await expect(list(source, { totalFreeBytes: 10 * MIB })).rejects.toMatchObject({ code: 'archive_bomb' });
    expect(await list(source)).toHaveLength(20);
  });

  test('a file that has more bytes than it announces ends the reading early', async () => {
    const content = Buffer.alloc(4 * MIB);
    const source = bufferSource(rawZip([{ name: 'a.jpg', method: 8, content, size: 10 }]));
    const [file] = await list(source);
    await expect(contentOf(source, file as never)).rejects.toMatchObject({
      name: 'EntryError',
      code: 'size_mismatch',
    });
  });
});

describe('files that share bytes', () => {
  test('two entries for one file', async () => {
    const archive = rawZip([{ name: 'a.jpg' }, { name: 'b.jpg', offset: 0 }]);
    await expect(list(bufferSource(archive))).rejects.toMatchObject({ code: 'overlapping_entries' });
  });

  test('a file that contains the next one, in any order of the table', async () => {
    const inner = { name: 'inner.jpg', content: Buffer.alloc(2000) };
    const outer = { name: 'outer.jpg', content: Buffer.concat([localHeader(inner), Buffer.alloc(2000)]) };
    const bytes = Buffer.concat([localHeader(outer), outer.content]);
    const innerAt = localHeader(outer).length;
    for (const order of [
      [centralHeader(outer, 0), centralHeader(inner, innerAt)],
      [centralHeader(inner, innerAt), centralHeader(outer, 0)],
    ]) {
      const table = Buffer.concat(order);
      const archive = Buffer.concat([bytes, table, endRecord(2, table.length, bytes.length)]);
      await expect(list(bufferSource(archive))).rejects.toMatchObject({ code: 'overlapping_entries' });
    }
  });

  test('packed sizes that are larger than the archive end the listing early', async () => {
    const content = randomBytes(10_000);
    const entries = Array.from({ length: 1000 }, (_, index) => ({ name: `${index}`, content, offset: 0 }));
    const first = Buffer.concat([localHeader(entries[0] as RawEntry), content]);
    const table = Buffer.concat(entries.map((entry) => centralHeader(entry, 0)));
    const archive = Buffer.concat([first, table, endRecord(1000, table.length, first.length)]);
    await expect(list(bufferSource(archive))).rejects.toMatchObject({ code: 'overlapping_entries' });
  });

  test('files in another order than the table, with gaps, share nothing', async () => {
    const names = ['c.jpg', 'a.jpg', 'b.jpg'];
    const parts = names.map((name) =>
      Buffer.concat([localHeader({ name }), Buffer.from('content'), Buffer.alloc(9)]),
    );
    const size = (parts[0] as Buffer).length;
    const table = Buffer.concat(
      [1, 2, 0].map((at) => centralHeader({ name: names[at] as string }, at * size)),
    );
    const archive = Buffer.concat([...parts, table, endRecord(3, table.length, 3 * size)]);
    expect((await list(bufferSource(archive))).map(({ path }) => path)).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
  });
});

describe('an archive that cannot be read as a whole', () => {
  const archive = rawZip([{ name: 'a.jpg' }, { name: 'b.jpg' }]);
  const codeOf = (bytes: Buffer, limits = {}) =>
    list(bufferSource(bytes), limits).then(
      () => 'fine',
      (error: { name: string; code: string }) => (error.name === 'ArchiveError' ? error.code : error),
    );

  test('too many files, by the end record', async () => {
    expect(await codeOf(archive, { maxFiles: 1 })).toBe('too_many_files');
    const table = Buffer.alloc(10);
    const million = Buffer.concat([table, zip64End(2n ** 60n, 10, 0)]);
    const source = bufferSource(million);
    await expect(list(source)).rejects.toMatchObject({ code: 'too_many_files' });
  });

  test('more files than the end record has', async () => {
    const entries = Array.from({ length: 0x10002 }, (_, index) => ({
      name: `${index}`,
      content: Buffer.alloc(0),
    }));
    const bytes = rawZip(entries);
    expect(bytes.readUInt16LE(bytes.length - 12)).toBe(2);
    expect(await list(bufferSource(bytes))).toHaveLength(0x10002);
    expect(await codeOf(bytes, { maxFiles: 0x10001 })).toBe('too_many_files');
    expect(await codeOf(rawZip([{ name: 'a.jpg' }, { name: 'b.jpg' }], { count: 1 }))).toBe(
      'archive_damaged',
    );
    expect(await codeOf(rawZip([{ name: 'a.jpg' }], { count: 0 }))).toBe('archive_damaged');
  });

  test('fewer files than the end record has', async () => {
    expect(await codeOf(rawZip([{ name: 'a.jpg' }], { count: 2 }))).toBe('archive_damaged');
  });

  test('truncated anywhere', async () => {
    for (let length = 0; length < archive.length; length += 1) {
      const expected = length < 4 ? 'not_an_archive' : 'archive_truncated';
      expect(`${length}: ${await codeOf(archive.subarray(0, length))}`).toBe(`${length}: ${expected}`);
    }
  });

  test('no archive at all', async () => {
    expect(await codeOf(Buffer.alloc(0))).toBe('not_an_archive');
    expect(await codeOf(randomBytes(200_000))).toBe('not_an_archive');
    expect(await codeOf(Buffer.from('<html></html>'))).toBe('not_an_archive');
  });

  test('one of several disks', async () => {
    expect(await codeOf(rawZip([{ name: 'a.jpg' }], { disk: 1 }))).toBe('multi_disk');
  });

  test('bytes behind its end, and a table of contents that is elsewhere', async () => {
    expect(await codeOf(Buffer.concat([archive, Buffer.alloc(10)]))).toBe('archive_damaged');
    expect(await codeOf(rawZip([{ name: 'a.jpg' }], { directoryOffset: 5 }))).toBe('archive_damaged');
    expect(await codeOf(rawZip([{ name: 'a.jpg' }], { directoryOffset: 0xfffffff0 }))).toBe(
      'archive_damaged',
    );
    expect(await codeOf(Buffer.concat([Buffer.alloc(10), zip64End(1, 2 ** 62, 2 ** 62)]))).toBe(
      'archive_damaged',
    );
    const badExtra = { name: 'a.jpg', extra: Buffer.from([1, 0, 200, 0, 0]) };
    expect(await codeOf(rawZip([badExtra]))).toBe('archive_damaged');
  });

  test('each byte changed: a clear error or a list, never anything else', async () => {
    const good = rawZip([
      { name: 'a.jpg', method: 8, extra: extraField(0x5455, Buffer.from([1, 0, 0, 0, 0])) },
      { name: 'b.jpg', zip64: true },
    ]);
    for (let at = 0; at < good.length; at += 1) {
      for (const value of [0, 0xff, (good[at] as number) ^ 0x01]) {
        const bytes = Buffer.from(good);
        bytes[at] = value;
        const source = bufferSource(bytes);
        try {
          const files = (await list(source)).filter(({ problem }) => !problem);
          for (const file of files) await contentOf(source, file);
        } catch (error) {
          expect(`${at}: ${(error as Error).name}`).toMatch(/: (?:ArchiveError|EntryError)$/);
        }
      }
    }
  });
});

test('duplicate names are both listed, with their own bytes', async () => {
  const source = bufferSource(
    rawZip([
      { name: 'a.jpg', content: Buffer.from('one') },
      { name: 'a.jpg', content: Buffer.from('two') },
    ]),
  );
  const files = await list(source);
  expect(files.map(({ path, number }) => [path, number])).toEqual([
    ['a.jpg', 0],
    ['a.jpg', 1],
  ]);
  expect((await Promise.all(files.map((file) => contentOf(source, file)))).map(String)).toEqual([
    'one',
    'two',
  ]);
});
