import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { buildTiff, type TiffOrder, type TiffPage } from '@lazyphotos/testkit';
import { readDirectories, sniffFile, TIFF_TAG } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'lazyphotos-tiff-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const orders: Required<TiffOrder>[] = [true, false].flatMap((littleEndian) =>
  [true, false].map((big) => ({ littleEndian, big })),
);

const path = join(folder, 'picture');
async function sniff(bytes: Buffer): Promise<string | undefined> {
  writeFileSync(path, bytes);
  return sniffFile(path);
}
const source = (bytes: Buffer) => async (position: number, length: number) =>
  bytes.subarray(position, position + length);

const picture = (width: number, height: number, more: TiffPage['tags'] = {}): TiffPage => ({
  tags: { [TIFF_TAG.width]: [width], [TIFF_TAG.height]: [height], ...more },
});
const printIm = { 50341: [0] };
const dngVersion = { [TIFF_TAG.dngVersion]: [1, 4, 0, 0] };

describe.each(orders)('%j', (order) => {
  test('a TIFF is a TIFF, however many tags it has', async () => {
    expect(await sniff(buildTiff([picture(10, 10)], order))).toBe('image/tiff');
    // As many entries, and first of them the same, as in the files of some cameras.
    const many = Object.fromEntries(Array.from({ length: 28 }, (_, index) => [254 + index, [1]]));
    expect(await sniff(buildTiff([{ tags: many }], order))).toBe('image/tiff');
  });

  test('a printer’s tag does not make a file one of Sony’s', async () => {
    expect(await sniff(buildTiff([picture(10, 10, printIm)], order))).toBe('image/tiff');
  });

  test('a DNG is recognized by its version, regardless of its other content', async () => {
    for (const tags of [dngVersion, { ...printIm, ...dngVersion }]) {
      expect(await sniff(buildTiff([picture(10, 10, tags)], order))).toBe('image/x-adobe-dng');
    }
  });

  test('pages come in their order, each followed by its SubIFDs', async () => {
    const pages = [
      { ...picture(160, 120, { [TIFF_TAG.newSubfileType]: [1] }), subIfds: [picture(7, 8), picture(9, 10)] },
      { ...picture(800, 600), subIfds: [picture(70_000, 11)] },
    ];
    const directories = await readDirectories(source(buildTiff(pages, order)));
    expect(
      directories?.map(({ page, subIfd, values }) => [page, subIfd, values.get(TIFF_TAG.width)?.[0]]),
    ).toEqual([
      [0, undefined, 160],
      [0, 0, 7],
      [0, 1, 9],
      [1, undefined, 800],
      [1, 0, 70_000],
    ]);
    expect(directories?.[0]?.values.get(TIFF_TAG.newSubfileType)).toEqual([1]);
  });

  test('a chain without end is left', async () => {
    const bytes = buildTiff([picture(1, 1)], order);
    const word = order.big ? 8 : 4;
    // The only page names itself as the next one.
    bytes.copy(bytes, bytes.length - word, order.big ? 8 : 4, (order.big ? 8 : 4) + word);
    expect(await readDirectories(source(bytes))).toHaveLength(1);
  });

  test('damage ends the reading, without an error', async () => {
    const bytes = buildTiff(
      [picture(160, 120), picture(800, 600, { [TIFF_TAG.bitsPerSample]: [8, 8, 8] })],
      order,
    );
    for (let length = 0; length < bytes.length; length += 1) {
      const directories = await readDirectories(source(bytes.subarray(0, length)));
      expect(directories?.length ?? 0).toBeLessThanOrEqual(2);
    }
    for (let at = 8; at < bytes.length; at += 1) {
      const hostile = Buffer.from(bytes);
      hostile.fill(0xff, at, Math.min(at + 8, bytes.length));
      await readDirectories(source(hostile));
    }
  });
});

test('a CR2 is known by its mark', async () => {
  const bytes = Buffer.alloc(64);
  bytes.write('II*\0\x10\0\0\0CR\x02\0', 'latin1');
  // One entry, ImageWidth.
  bytes.writeUInt16LE(1, 16);
  bytes.writeUInt16LE(TIFF_TAG.width, 18);
  bytes.writeUInt16LE(3, 20);
  expect(await sniff(bytes)).toBe('image/x-canon-cr2');
});

test.each(['', 'II', 'II*\0', 'MM\0*\0\0\0\x08', 'MM\0+\0\x08\0\0', 'hello, world; no picture'])(
  'no TIFF: %j',
  async (text) => {
    expect(await readDirectories(source(Buffer.from(text, 'latin1')))).toBeUndefined();
  },
);

test('a file of directories that lead to each other costs few reads', async () => {
  // 200 pages whose 256 SubIFDs are all one directory of 1000 equal entries with values outside of the file.
  const word = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const short = (value: number) => word(value).subarray(0, 2);
  const entry = (tag: number, count: number, value: number) =>
    Buffer.concat([short(tag), short(4), word(count), word(value)]);
  const directory = (entries: Buffer[], next: number) =>
    Buffer.concat([short(entries.length), ...entries, word(next)]);
  const sub = directory(
    Array.from({ length: 1000 }, () => entry(TIFF_TAG.width, 32, 0xffff_fff0)),
    0,
  );
  const list = Buffer.concat(Array.from({ length: 256 }, () => word(8)));
  const listAt = 8 + sub.length;
  const pageBytes = directory([entry(TIFF_TAG.subIfds, 256, listAt)], 0).length;
  const pagesAt = listAt + list.length;
  const pages = Array.from({ length: 200 }, (_, page) =>
    directory([entry(TIFF_TAG.subIfds, 256, listAt)], pagesAt + (page + 1) * pageBytes),
  );
  const file = Buffer.concat([Buffer.from('II*\0', 'latin1'), word(pagesAt), sub, list, ...pages]);
  let reads = 0;
  const directories = await readDirectories(async (position, length) => {
    reads += 1;
    return file.subarray(position, position + length);
  });
  expect(directories).toHaveLength(201);
  expect(reads).toBeLessThan(1000);
});

test('SubIFDs of SubIFDs are found, and are not mixed up with those that a number leads to', async () => {
  const nested = { ...picture(320, 240), subIfds: [picture(4000, 3000)] };
  const directories = await readDirectories(source(buildTiff([{ ...picture(160, 120), subIfds: [nested] }])));
  expect(directories?.map(({ values, isNested }) => [values.get(TIFF_TAG.width)?.[0], isNested])).toEqual([
    [160, false],
    [320, false],
    [4000, true],
  ]);
});
