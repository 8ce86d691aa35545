/**
 * Makes packages/testkit/samples: the few photos that tests use where the large collection is absent, in its format
 * (manifest.tsv, expected.json). Run by hand when a sample is added: node scripts/make-samples.mjs
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sharp = createRequire(join(root, 'services/media-worker/package.json'))('sharp');
const target = join(root, 'packages/testkit/samples');

const portraitExif = {
  IFD0: { Make: 'LazyPhotos', Model: 'Sample One' },
  IFD2: {
    DateTimeOriginal: '2024:02:29 13:14:15',
    OffsetTimeOriginal: '+01:00',
    SubSecTimeOriginal: '250',
  },
  IFD3: {
    GPSLatitudeRef: 'S',
    GPSLatitude: '33/1 51/1 3000/100',
    GPSLongitudeRef: 'E',
    GPSLongitude: '151/1 12/1 3600/100',
  },
};
const portraitMetadata = {
  DateTimeOriginal: '2024:02:29 13:14:15',
  DecodedHeight: 320,
  DecodedWidth: 480,
  GPSLatitude: -33.8583333333333,
  GPSLongitude: 151.21,
  ImageHeight: 320,
  ImageWidth: 480,
  Make: 'LazyPhotos',
  Model: 'Sample One',
  OffsetTimeOriginal: '+01:00',
  Orientation: 6,
  SubSecTimeOriginal: 250,
};

const portrait = await gradient(480, 320, 3)
  .withExif(portraitExif)
  .withMetadata({ orientation: 6 })
  .jpeg({ quality: 80 })
  .toBuffer();
const plain = await gradient(300, 200, 3).jpeg({ quality: 70 }).toBuffer();

const samples = [
  sample('good/jpeg/portrait-with-gps.jpg', portrait, 'image/jpeg', 480, 320, 'ok', portraitMetadata),
  sample('good/jpeg/plain.jpg', plain, 'image/jpeg', 300, 200, 'ok', size(300, 200)),
  sample(
    'good/png/transparent.png',
    await gradient(96, 64, 4).png().toBuffer(),
    'image/png',
    96,
    64,
    'ok',
    size(96, 64),
  ),
  sample(
    'good/webp/square.webp',
    await gradient(128, 128, 3).webp().toBuffer(),
    'image/webp',
    128,
    128,
    'ok',
    size(128, 128),
  ),
  sample(
    'bad/truncated.jpg',
    plain.subarray(0, Math.floor(plain.length * 0.6)),
    'image/jpeg',
    '',
    '',
    'fail',
  ),
  sample(
    'bad/html-as.jpg',
    Buffer.from('<!doctype html><title>Not a photo</title>'),
    'text/html',
    '',
    '',
    'fail',
  ),
  sample('bad/empty.jpg', Buffer.alloc(0), 'inode/x-empty', '', '', 'empty'),
];

for (const { path, content } of samples) {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  writeFileSync(join(target, path), content);
}
const columns = ['path', 'bytes', 'sha256', 'mime', 'width', 'height', 'reference_result'];
const rows = samples.map((row) => columns.map((column) => row[column]).join('\t'));
writeFileSync(join(target, 'manifest.tsv'), `${[columns.join('\t'), ...rows].join('\n')}\n`);
const expected = Object.fromEntries(
  samples.filter((row) => row.expected).map((row) => [row.path, row.expected]),
);
writeFileSync(join(target, 'expected.json'), `${JSON.stringify(expected, null, 2)}\n`);

/** A picture with a different colour in each corner, so that a wrong rotation shows. */
function gradient(width, height, channels) {
  const pixels = Buffer.alloc(width * height * channels);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const across = Math.round((255 * x) / width);
      const down = Math.round((255 * y) / height);
      pixels.set([across, down, 255 - across, 255 - down].slice(0, channels), (y * width + x) * channels);
    }
  }
  return sharp(pixels, { raw: { width, height, channels } });
}

function size(width, height) {
  return { DecodedHeight: height, DecodedWidth: width, ImageHeight: height, ImageWidth: width };
}

function sample(path, content, mime, width, height, result, expected) {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return {
    path,
    content,
    bytes: content.length,
    sha256,
    mime,
    width,
    height,
    reference_result: result,
    expected,
  };
}
