import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { isCutOff } from '../src/upload/cut-off.js';
import { mayBeUnfinished } from '../src/upload/unfinished-transfers.js';
import { photosOf, signedInCli, temporaryFolder, writeFiles } from './helpers.js';

const sample = (name: string) => readFile(new URL(`../../testkit/samples/good/${name}`, import.meta.url));

const segment = (marker: number, content: Buffer) => {
  const header = Buffer.from([0xff, marker, 0, 0]);
  header.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([header, content]);
};
/** A JPEG with a whole thumbnail in its headers, and more coded data than one read brings. */
const withThumbnail = (thumbnail: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('ffd8', 'hex'),
    segment(0xe0, Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1')),
    segment(0xe1, thumbnail),
    Buffer.from('ff', 'hex'),
    segment(0xda, Buffer.alloc(10)),
    Buffer.alloc(200_000, 0x55),
    Buffer.from('ffd9', 'hex'),
  ]);

const box = (type: string, content: Buffer) => {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + content.length, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, content]);
};
/** The boxes of a picture whose coded data comes last. */
const heic = Buffer.concat([
  box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1')),
  box('meta', Buffer.alloc(300, 1)),
  box('mdat', Buffer.alloc(20_000, 0x55)),
]);
const largeBox = Buffer.from([0, 0, 0, 1, ...Buffer.from('mdat'), 0, 0, 0, 0, 0, 0, 0x4e, 0x20]);
const heicOfLargeBox = Buffer.concat([heic.subarray(0, -20_008), largeBox, Buffer.alloc(20_000 - 16, 0x55)]);

/** A TIFF of one strip, with its directory before or after it. */
function tiff(directoryFirst: boolean): Buffer {
  const strip = Buffer.alloc(9000, 0x55);
  const entries: [number, number][] = [
    [256, 100],
    [257, 90],
    [273, directoryFirst ? 62 : 8],
    [279, strip.length],
  ];
  const directory = Buffer.alloc(2 + 12 * entries.length + 4);
  directory.writeUInt16LE(entries.length, 0);
  for (const [index, [tag, value]] of entries.entries()) {
    directory.writeUInt16LE(tag, 2 + 12 * index);
    directory.writeUInt16LE(4, 4 + 12 * index);
    directory.writeUInt32LE(1, 6 + 12 * index);
    directory.writeUInt32LE(value, 10 + 12 * index);
  }
  const header = Buffer.from('II*\0\0\0\0\0', 'latin1');
  header.writeUInt32LE(directoryFirst ? 8 : 8 + strip.length, 4);
  return Buffer.concat(directoryFirst ? [header, directory, strip] : [header, strip, directory]);
}

function raf(): Buffer {
  const bytes = Buffer.alloc(10_000, 0x55);
  bytes.write('FUJIFILMCCD-RAW 0201', 'latin1');
  for (const [index, value] of [148, 2000, 2148, 500, 2648, 7352].entries())
    bytes.writeUInt32BE(value, 84 + 4 * index);
  return bytes;
}

const gif = Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(6000, 0x55), Buffer.from([0, 0x3b])]);

const whole: [string, () => Buffer | Promise<Buffer>][] = [
  ['a JPEG', () => sample('jpeg/plain.jpg')],
  ['a JPEG with metadata', () => sample('jpeg/portrait-with-gps.jpg')],
  ['a JPEG with a thumbnail', async () => withThumbnail(await sample('jpeg/plain.jpg'))],
  ['a PNG', () => sample('png/transparent.png')],
  ['a WebP', () => sample('webp/square.webp')],
  ['a GIF', () => gif],
  ['a HEIC', () => heic],
  ['a HEIC with a box of 64-bit length', () => heicOfLargeBox],
  ['a TIFF with its directory first', () => tiff(true)],
  ['a TIFF with its directory last', () => tiff(false)],
  ['a RAF', raf],
];

describe('a picture that is cut off', () => {
  const isCut = async (bytes: Buffer) => {
    const path = join(await temporaryFolder(), 'file');
    await writeFile(path, bytes);
    return isCutOff(path);
  };

  test.each(whole)('%s is whole, and not without its last tenth, half or most of it', async (_, make) => {
    const bytes = await make();
    expect(await isCut(bytes)).toBe(false);
    for (const part of [0.9, 0.5, 0.1])
      expect(await isCut(bytes.subarray(0, Math.max(16, bytes.length * part)))).toBe(true);
  });

  test.each(whole)('%s is whole when other data follows', async (name, make) => {
    const more = name === 'a GIF' ? Buffer.from('\n') : Buffer.alloc(300_000, 0xee);
    expect(await isCut(Buffer.concat([await make(), more]))).toBe(false);
  });

  test.each([
    ['JPEG', () => sample('jpeg/plain.jpg')],
    ['PNG', () => sample('png/transparent.png')],
    ['HEIC', () => heic],
  ])('a %s that was laid out in full and not written to its end', async (_, make) => {
    const bytes = Buffer.from(await make());
    bytes.fill(0, Math.floor(bytes.length * 0.6));
    expect(await isCut(bytes)).toBe(true);
  });

  test('is not reported for files that are no pictures', async () => {
    expect(await isCut(Buffer.from(''))).toBe(false);
    expect(await isCut(Buffer.from('text'))).toBe(false);
  });
});

const suspicious = [
  'IMG_1.jpg.tmp123',
  'IMG_1.jpg.tmp~',
  'IMG_1.jpg.aBcDeF',
  'IMG_1.jpg.part1',
  'IMG_1.jpg.part01',
  'IMG_1.jpg.newprogram',
  'IMG_1.jpg.001',
  'IMG_1.JPG_x7f',
  'scan.tmp',
  'a1b2.temp',
  'a1b2.tmp.7',
];
const copies = [
  'IMG_1.jpg.bak',
  'IMG_1.jpg.1',
  'IMG_1.jpg.12',
  'IMG_1.jpg.old',
  'IMG_1.jpg~',
  'IMG_1.jpg.~1~',
  'IMG_1.jpg_original',
  'IMG_1.jpg (2)',
  'IMG_1.jpg.orig',
];
const ordinary = ['IMG_2.jpg', 'IMG_2.tmp.jpg', 'IMG_2.jpg.jpeg', 'IMG_2', 'f0001.dat', 'a.template'];

describe('names that may be those of unfinished files', () => {
  test.each(suspicious)('%s', (name) => expect(mayBeUnfinished(name)).toBe(true));
  test.each([...copies, ...ordinary])('not %s', (name) => expect(mayBeUnfinished(name)).toBe(false));

  const upload = async (picture: Buffer) => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const names = [...suspicious, ...copies, ...ordinary];
    // Each file is another photo.
    const files = names.map((name, index) => [
      name,
      Buffer.concat([picture.subarray(0, 2), segment(0xfe, Buffer.from([index])), picture.subarray(2)]),
    ]);
    await writeFiles(folder, Object.fromEntries(files));
    const again = async () => (await run(['upload', folder, '--json'])).json;
    const json = await again();
    const uploaded = (await photosOf(client)).map(({ fileName }) => fileName).sort();
    return { json, uploaded, again };
  };

  test('whole pictures are uploaded under any of them, also in the next run', async () => {
    const { json, uploaded, again } = await upload(await sample('jpeg/portrait-with-gps.jpg'));
    expect(uploaded).toEqual([...suspicious, ...copies, ...ordinary].sort());
    expect(json).toMatchObject({ ignored: 0, failed: 0 });
    expect(await again()).toMatchObject({ ignored: 0, existing: uploaded.length });
  });

  test('cut pictures are named as unfinished, but uploaded under the name of a photo or a copy', async () => {
    const picture = await sample('jpeg/portrait-with-gps.jpg');
    const { json, uploaded } = await upload(picture.subarray(0, 5000));
    expect(uploaded).toEqual([...copies, ...ordinary].sort());
    expect(Object.keys(json.ignoredByReason)).toEqual(['unfinished_transfer']);
    expect(json.ignoredByReason.unfinished_transfer?.paths.map((path) => basename(path)).sort()).toEqual(
      [...suspicious].sort(),
    );
  });
});
