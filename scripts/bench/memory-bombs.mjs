// The files of `npm run bench memory -- --bombs`: small ones that ask their reader for gigabytes or for minutes.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  blackPng,
  gifOf,
  jpegOfScans,
  longChunks,
  plainWebp,
  withChunks,
} from '../../services/media-worker/test/pipeline/bomb-files.ts';

const sharp = createRequire(new URL('../../services/media-worker/package.json', import.meta.url))('sharp');

/** The sides of the largest picture that a node decodes by default. */
const SIDE = 16_383;
const GIGABYTE = 1e9;
const COPIES = 2;

/** Makes the files, `COPIES` of each kind, in an order in which all kinds come at once. */
export async function makeBombs(folder) {
  await mkdir(folder);
  const png = await sharp({ create: { width: 64, height: 48, channels: 3, background: '#775533' } })
    .png()
    .toBuffer();
  const kinds = [
    ...Object.values(longChunks).map((chunk) => ['png', withChunks(png, chunk(GIGABYTE))]),
    ['png', blackPng(SIDE, SIDE, { isInterlaced: true })],
    ['png', blackPng(80_000_000, 3, { isInterlaced: false })],
    ['jpeg', jpegOfScans(SIDE, SIDE)],
    ['jpeg', jpegOfScans(SIDE, SIDE, { isProgressive: false })],
    ['jpeg', jpegOfScans(3000, 3000, { emptyScans: 2000 })],
    ['webp', plainWebp(SIDE, SIDE)],
    ['gif', gifOf(SIDE, SIDE)],
  ];
  const files = Array.from({ length: COPIES }, () => kinds).flat();
  return Promise.all(files.map(([type, content], index) => write(folder, `${index}.${type}`, type, content)));
}

async function write(folder, name, type, content) {
  const path = join(folder, name);
  // What makes a copy another file without changing the picture.
  const bytes = Buffer.concat([content, randomBytes(16)]);
  await writeFile(path, bytes);
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { path, mimeType: `image/${type}`, hash, bytes: bytes.length };
}
