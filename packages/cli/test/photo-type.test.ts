import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { detectPhotoType } from '../src/upload/photo-type.js';
import { temporaryFolder } from './local-files.js';

/** The beginning of a file of the ISO base media format. */
const isoMedia = (...brands: string[]): Buffer => {
  const text = `ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`;
  const size = Buffer.alloc(4);
  size.writeUInt32BE(4 + text.length);
  return Buffer.concat([size, Buffer.from(text, 'latin1')]);
};
/** A TIFF of one directory, whose tags all have the value 1. */
function tiff(...tags: number[]): Buffer {
  const bytes = Buffer.alloc(14 + 12 * tags.length);
  bytes.write('II*\0\x08', 'latin1');
  bytes.writeUInt16LE(tags.length, 8);
  for (const [index, tag] of tags.entries()) {
    const entry = Buffer.alloc(12);
    entry.writeUInt16LE(tag, 0);
    entry.writeUInt16LE(3, 2);
    entry.writeUInt32LE(1, 4);
    entry.writeUInt16LE(1, 8);
    entry.copy(bytes, 10 + 12 * index);
  }
  return bytes;
}

/** PrintIM, which many cameras write. */
const printIm = 50_341;
const dngVersion = 50_706;
const raw = tiff(256, 257, printIm);
const dng = tiff(256, 257, printIm, dngVersion);

const detectIn = async (bytes: Buffer, name: string) => {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, bytes);
  return (await detectPhotoType(path)).accepted;
};

test.each([
  ['IMG_1.HEIC', isoMedia('mif1', 'heic'), 'image/heic'],
  ['IMG_2.HIF', isoMedia('heix', 'mif1'), 'image/heic'],
  ['IMG_3.heif', isoMedia('mif1', 'avif'), 'image/avif'],
  ['IMG_4.avif', isoMedia('mif1', 'miaf', 'MA1B'), 'image/avif'],
  ['IMG_5.jpg', isoMedia('msf1', 'hevc'), 'image/heic'],
  ['VID_1.heic', isoMedia('isom', 'mp42'), undefined],
  ['VID_2.mov', isoMedia('qt  '), undefined],
])('%s is what is in it', async (name, bytes, type) => {
  expect(await detectIn(bytes, name)).toBe(type);
});

// None of these is left out because its make is not among those with a type of their own.
test.each('pef srw nrw kdc dcr erf mef mos 3fr fff iiq sr2 tif tiff raw PEF'.split(' '))(
  'a camera RAW that ends in .%s goes as TIFF',
  async (extension) => expect(await detectIn(raw, `IMG_1.${extension}`)).toBe('image/tiff'),
);

test('a camera RAW of the listed makes goes under its own type', async () => {
  expect(await detectIn(raw, 'DSC_1.NEF')).toBe('image/x-nikon-nef');
  expect(await detectIn(raw, 'DSC_1.arw')).toBe('image/x-sony-arw');
  for (const name of ['IMG_1.dng', 'GOPR1.GPR', 'IMG_1.tif']) {
    expect(await detectIn(dng, name)).toBe('image/x-adobe-dng');
  }
});
