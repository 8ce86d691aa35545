import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { StorageUnavailableError } from '@lazyphotos/object-storage';
import { eventually } from '@lazyphotos/testkit';
import fc from 'fast-check';
import yazl from 'yazl';
import { type ArchivedFile, type ArchiveSource, openEntry } from '../../src/imports/zip/index.js';
import { centralHeader, extraField, localHeader, type RawEntry, rawZip, zip64End } from './raw-zip.js';
import { bufferSource, contentOf, list } from './sources.js';

interface Packed {
  path: string;
  content: Buffer;
  compress: boolean;
  zip64: boolean;
  /** Its size is not known before: it stands behind the bytes. */
  streamed: boolean;
}

async function pack(files: readonly Packed[], comment = '', forceZip64Format = false): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  zip.addEmptyDirectory('a folder');
  for (const { path, content, compress, zip64, streamed } of files) {
    if (streamed) zip.addReadStream(Readable.from([content]), path, { compress, forceZip64Format: zip64 });
    else zip.addBuffer(content, path, { compress, forceZip64Format: zip64 });
  }
  zip.end({ comment, forceZip64Format });
  return buffer(zip.outputStream as Readable);
}

const path = fc
  .array(fc.stringMatching(/^[a-zA-Z0-9äßéñ写真 ()_-]{1,12}$/), { minLength: 1, maxLength: 4 })
  .map((parts) => `x${parts.join('x/x')}.jpg`);
const packed: fc.Arbitrary<Packed> = fc.record({
  path,
  content: fc.oneof(
    fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(200_000).map((size) => randomBytes(size)),
    fc.nat(200_000).map((size) => Buffer.alloc(size, 'abc')),
  ),
  compress: fc.boolean(),
  zip64: fc.boolean(),
  streamed: fc.boolean(),
});

test('what was packed comes back, file by file', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(packed, { maxLength: 8 }),
      fc.string({ maxLength: 30 }).filter((text) => /^[ -~]*$/.test(text)),
      fc.boolean(),
      async (files, comment, zip64) => {
        const source = bufferSource(await pack(files, comment, zip64));
        const listed = await list(source);
        expect(listed.map((file) => [file.path, file.sizeBytes, file.problem])).toEqual(
          files.map((file) => [file.path, file.content.length, undefined]),
        );
        expect(listed.map(({ number }) => number)).toEqual(files.map((_, index) => index + 1));
        for (const [index, file] of listed.entries()) {
          expect((await contentOf(source, file)).equals((files[index] as Packed).content)).toBe(true);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('the stored numbers are enough, also after they have been in a database', async () => {
  const archive = await pack([
    { path: 'a.jpg', content: randomBytes(100_000), compress: true, zip64: false, streamed: true },
  ]);
  const [file] = JSON.parse(JSON.stringify(await list(bufferSource(archive))));
  const source = bufferSource(archive);
  await contentOf(source, file);
  const directoryAt = archive.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
  for (const { end } of source.reads) expect(end).toBeLessThan(directoryAt);
});

test('the local header may be longer than the table of contents says', async () => {
  const entry = {
    name: 'a.jpg',
    localExtra: extraField(0xcafe, Buffer.alloc(60_000)),
    content: randomBytes(100),
  };
  const source = bufferSource(rawZip([entry]));
  const [file] = await list(source);
  expect(await contentOf(source, file as ArchivedFile)).toEqual(entry.content);
});

test('listing many files takes few reads, and a small file one', async () => {
  const count = 100_000;
  const entries = Array.from({ length: count }, (_, index) => ({
    name: `Takeout/Google Fotos/Fotos von 2019/IMG_${index}.jpg`,
    content: Buffer.alloc(0),
  }));
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    directory.push(centralHeader(entry, offset));
    const header = localHeader(entry);
    parts.push(header);
    offset += header.length;
  }
  const table = Buffer.concat(directory);
  const source = bufferSource(Buffer.concat([...parts, table, zip64End(count, table.length, offset)]));
  const files = await list(source);
  expect(files).toHaveLength(count);
  expect(files.at(-1)?.path).toBe(`Takeout/Google Fotos/Fotos von 2019/IMG_${count - 1}.jpg`);
  expect(source.reads.length).toBeLessThan(table.length / (256 * 1024) + 8);
  source.reads.length = 0;
  await contentOf(source, files[50_000] as ArchivedFile);
  expect(source.reads).toHaveLength(1);
});

describe('a file that is not what the archive announces', () => {
  const content = randomBytes(50_000);
  const failing = async (entry: Partial<RawEntry>, change?: (file: ArchivedFile) => object) => {
    const source = bufferSource(rawZip([{ name: 'a.jpg', content, ...entry }]));
    const [file] = (await list(source)) as [ArchivedFile];
    return contentOf(source, { ...file, ...change?.(file) }).then(
      () => 'fine',
      (error: { name: string; code: string }) => (error.name === 'EntryError' ? error.code : error),
    );
  };

  test.each([0, 8])('has another CRC (method %d)', async (method) => {
    expect(await failing({ method, crc: 1 })).toBe('crc_mismatch');
    expect(await failing({ method })).toBe('fine');
  });

  test('has more or fewer bytes', async () => {
    expect(await failing({ method: 8, size: content.length - 1 })).toBe('size_mismatch');
    expect(await failing({ method: 8, size: content.length + 1 })).toBe('size_mismatch');
    expect(await failing({}, () => ({ sizeBytes: 49_999 }))).toBe('size_mismatch');
    expect(await failing({ content: Buffer.alloc(0) }, () => ({ sizeBytes: 1 }))).toBe('size_mismatch');
  });

  test('is not a deflate stream, or is half of one', async () => {
    const packed = deflateRawSync(content);
    expect(await failing({ method: 8, packed: randomBytes(1000) })).toBe('entry_damaged');
    expect(await failing({ method: 8, packed: Buffer.alloc(1000, 0xff) })).toBe('entry_damaged');
    expect(['entry_damaged', 'size_mismatch']).toContain(
      await failing({ method: 8, packed: packed.subarray(0, packed.length / 2) }),
    );
  });

  test('has bytes behind the end of its deflate stream, which are ignored', async () => {
    expect(
      await failing({ method: 8, packed: Buffer.concat([deflateRawSync(content), randomBytes(200_000)]) }),
    ).toBe('fine');
  });

  test('is not where it should be', async () => {
    expect(await failing({}, ({ headerOffset }) => ({ headerOffset: headerOffset + 1 }))).toBe(
      'entry_damaged',
    );
    expect(await failing({}, () => ({ headerOffset: 10 ** 12 }))).toBe('entry_damaged');
    expect(await failing({}, () => ({ compressedBytes: 10 ** 12, sizeBytes: 10 ** 12 }))).toBe(
      'entry_damaged',
    );
  });

  test('is packed by an unknown method', async () => {
    expect(await failing({}, () => ({ method: 12 }))).toBe('compression_unsupported');
  });
});

describe('a fault of the store', () => {
  const fault = new StorageUnavailableError('the disk is gone');
  const archive = rawZip([
    { name: 'a.jpg', method: 8, content: randomBytes(500_000) },
    { name: 'b.jpg', content: randomBytes(500_000) },
    { name: 'c.json', content: randomBytes(10) },
    // Enough that the table of contents is not among the last bytes, which are read at once.
    ...Array.from({ length: 2000 }, (_, index) => ({ name: `${'d'.repeat(100)}/${index}.json` })),
  ]);
  /** Fails at a read, or in the middle of its stream. */
  const failingAt = (read: number, inStream: boolean): ArchiveSource => {
    const inner = bufferSource(archive);
    let count = 0;
    return {
      ...inner,
      read: async (start, end) => {
        count += 1;
        if (count !== read) return inner.read(start, end);
        if (!inStream) throw fault;
        const failing = async function* () {
          yield archive.subarray(start, start + 3);
          throw fault;
        };
        return Readable.from(failing(), { objectMode: false });
      },
    };
  };

  test.each([true, false])('comes out as it is when listing (in a stream: %s)', async (inStream) => {
    await expect(list(failingAt(1, inStream))).rejects.toBe(fault);
    await expect(list(failingAt(2, inStream))).rejects.toBe(fault);
  });

  test.each([true, false])('comes out as it is when unpacking (in a stream: %s)', async (inStream) => {
    const files = await list(bufferSource(archive));
    for (const file of files.slice(0, 3)) {
      await expect(contentOf(failingAt(1, inStream), file)).rejects.toBe(fault);
      if (file.path !== 'c.json') await expect(contentOf(failingAt(2, inStream), file)).rejects.toBe(fault);
    }
  });
});

describe('a reading that is stopped', () => {
  const opened = async (signal?: AbortSignal) => {
    const content = randomBytes(5_000_000);
    const inner = bufferSource(rawZip([{ name: 'a.jpg', method: 8, content }]));
    const bodies: Readable[] = [];
    const source = {
      ...inner,
      read: async (start: number, end: number) => {
        const body = await inner.read(start, end);
        bodies.push(body);
        return body;
      },
    };
    const [file] = (await list(source)) as [ArchivedFile];
    const stream = await openEntry(source, file, signal);
    return { stream, body: bodies.at(-1) as Readable, source, file };
  };

  test('by destroying the stream stops reading the archive', async () => {
    const { stream, body } = await opened();
    for await (const _ of stream) break;
    await eventually(() => expect(body.destroyed).toBe(true));
  });

  test('by a signal stops reading the archive', async () => {
    const stop = new AbortController();
    const { stream, body, source, file } = await opened(stop.signal);
    const reading = stream.toArray();
    stop.abort();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    await eventually(() => expect(body.destroyed).toBe(true));
    await expect(openEntry(source, file, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('before it began leaves no error that ends the process', async () => {
    const { stream } = await opened();
    stream.destroy(new Error('not wanted'));
    await expect(stream.toArray()).rejects.toThrow('not wanted');
  });
});

test('bytes are those that were packed, by their hash', async () => {
  const content = randomBytes(3_000_000);
  const source = bufferSource(rawZip([{ name: 'a.jpg', method: 8, content }]));
  const [file] = (await list(source)) as [ArchivedFile];
  const hash = createHash('sha256');
  for await (const bytes of await openEntry(source, file)) hash.update(bytes as Buffer);
  expect(hash.digest('hex')).toBe(createHash('sha256').update(content).digest('hex'));
});
