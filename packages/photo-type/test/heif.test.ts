import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { sniffFile } from '../src/index.js';
import { box, ftyp, type Item, mdat, meta, u32 } from './iso-media.js';

const folder = mkdtempSync(join(tmpdir(), 'lazyphotos-heif-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function sniff(...parts: Buffer[]): Promise<string | undefined> {
  const path = join(folder, 'photo');
  writeFileSync(path, Buffer.concat(parts));
  return sniffFile(path);
}

const single = (type: string): Item[] => [{ id: 1, type }];
const tiles = (type: string): Item[] => [
  { id: 1, type },
  { id: 2, type },
];
const grid = (type: string): Item[] => [...tiles(type), { id: 3, type: 'grid', of: [1, 2] }];

describe('by the brands, where there is no item to look at', () => {
  test.each([
    [['heic', 'mif1'], 'image/heic'],
    [['heix'], 'image/heic'],
    [['heim'], 'image/heic'],
    [['heis'], 'image/heic'],
    [['hevc', 'msf1', 'iso8'], 'image/heic'],
    [['hevx'], 'image/heic'],
    [['mif1', 'heic'], 'image/heic'],
    [['mif1', 'miaf', 'heix'], 'image/heic'],
    [['msf1', 'iso8', 'hevc'], 'image/heic'],
    [['MiHB', 'mif1'], 'image/heic'],
    [['tmap', 'mif1', 'heic'], 'image/heic'],
    [['avif', 'mif1', 'miaf', 'MA1B'], 'image/avif'],
    [['avis', 'msf1'], 'image/avif'],
    [['avio', 'msf1'], 'image/avif'],
    [['mif1', 'avif'], 'image/avif'],
    [['msf1', 'avis', 'iso8'], 'image/avif'],
    [['miaf', 'MA1A'], 'image/avif'],
    [['mif1'], 'image/heif'],
    [['msf1', 'iso8'], 'image/heif'],
    [['mif1', 'heic', 'avif'], 'image/heif'],
    [['1pic', 'mif1'], 'image/heif'],
    // An unknown major brand does not hide the others.
    [['zzzz', 'mif1', 'heic'], 'image/heic'],
  ])('%j', async ([major = '', ...compatible], mime) => {
    expect(await sniff(ftyp(major, ...compatible), mdat())).toBe(mime);
  });
});

describe('by the codec of the primary item', () => {
  test.each<[string, Item[], number, string]>([
    ['HEVC', single('hvc1'), 1, 'image/heic'],
    ['HEVC with parameter sets in the stream', single('hev1'), 1, 'image/heic'],
    ['AV1', single('av01'), 1, 'image/avif'],
    ['a grid of HEVC tiles', grid('hvc1'), 3, 'image/heic'],
    ['a grid of AV1 tiles', grid('av01'), 3, 'image/avif'],
    ['a rotated picture', [...single('av01'), { id: 2, type: 'iden', of: [1] }], 2, 'image/avif'],
    ['an overlay', [...tiles('hvc1'), { id: 3, type: 'iovl', of: [2, 1] }], 3, 'image/heic'],
    [
      'a tone-mapped grid',
      [...grid('av01'), { id: 4, type: 'av01' }, { id: 5, type: 'tmap', of: [3, 4] }],
      5,
      'image/avif',
    ],
    [
      'a picture beside a thumbnail and metadata of other types',
      [
        { id: 7, type: 'Exif' },
        { id: 8, type: 'hvc1' },
        { id: 9, type: 'av01' },
      ],
      9,
      'image/avif',
    ],
  ])('%s', async (_name, items, primary, mime) => {
    for (const wide of [false, true]) {
      expect(await sniff(ftyp('mif1', 'miaf'), meta(primary, items, wide), mdat())).toBe(mime);
      // Pictures may come before what is told of them.
      expect(await sniff(ftyp('mif1'), mdat(70_000), meta(primary, items, wide))).toBe(mime);
    }
  });

  test('which goes before the brands', async () => {
    expect(await sniff(ftyp('mif1', 'heic'), meta(1, single('av01')))).toBe('image/avif');
    expect(await sniff(ftyp('heic', 'mif1'), meta(1, single('av01')))).toBe('image/avif');
    expect(await sniff(ftyp('mif1', 'heic', 'avif'), meta(3, grid('hvc1')))).toBe('image/heic');
  });

  test('of thousands of tiles', async () => {
    const items = Array.from({ length: 3_000 }, (_, index) => ({ id: index + 1, type: 'av01' }));
    const whole = { id: 5_000, type: 'grid', of: items.map(({ id }) => id) };
    expect(await sniff(ftyp('mif1'), meta(5_000, [...items, whole]))).toBe('image/avif');
  });
});

describe('what is damaged or hostile', () => {
  test.each<[string, Buffer]>([
    ['a picture that is made of itself', meta(1, [{ id: 1, type: 'grid', of: [1, 1, 1] }])],
    [
      'two that are made of each other',
      meta(1, [
        { id: 1, type: 'grid', of: [2] },
        { id: 2, type: 'grid', of: [1] },
      ]),
    ],
    ['no such primary item', meta(9, single('hvc1'))],
    ['a list that is cut off', meta(1, single('hvc1')).subarray(0, 70)],
    ['boxes without end', Buffer.concat(Array.from({ length: 5_000 }, () => box('free')))],
    ['a size below that of a header', Buffer.concat([u32(3), Buffer.from('meta')])],
    ['a size beyond all files', Buffer.concat([u32(1), Buffer.from('mdat'), Buffer.alloc(8, 0xff)])],
  ])('%s is judged by its brands', async (_name, rest) => {
    expect(await sniff(ftyp('mif1', 'heic'), rest)).toBe('image/heic');
  });

  test('brands that are cut off', async () => {
    expect(await sniff(ftyp('mif1', 'heic').subarray(0, 18))).toBe('image/heif');
  });
});

describe('content that is not a HEIF photo', () => {
  test.each([
    [['isom', 'iso2', 'avc1', 'mp41'], 'video/mp4'],
    [['mp42', 'isom'], 'video/mp4'],
    [['qt  '], 'video/quicktime'],
    [['M4V ', 'mp42'], 'video/x-m4v'],
    [['3gp5', 'isom'], 'video/3gpp'],
    [['crx ', 'isom'], 'image/x-canon-cr3'],
  ])('%j', async ([major = '', ...compatible], mime) => {
    expect(await sniff(ftyp(major, ...compatible), box('moov', Buffer.alloc(50)), mdat())).toBe(mime);
  });

  test.each(['avci', 'j2ki', 'vvic'])('codecs that HEIC does not stand for: %s', async (brand) => {
    const item = { avci: 'avc1', j2ki: 'j2k1', vvic: 'vvc1' }[brand] ?? '';
    const mime = await sniff(ftyp(brand, 'mif1'), meta(1, single(item)));
    expect(['image/heic', 'image/avif', 'image/heif']).not.toContain(mime);
  });
});
