import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { buildTiff, type TiffOrder, type TiffPage } from '@lazyphotos/testkit';
import sharp from 'sharp';
import { meanColour, mediaErrorOf, openPipeline, temporaryFolder, withPipeline } from './support.js';

const folder = temporaryFolder();
const scratchDir = temporaryFolder();
const pipeline = openPipeline({ scratchDir });

const newSubfileType = 254;
const subfileType = 255;
const compression = 259;
const photometric = 262;
const make = 271;
const model = 272;
const orientation = 274;
const pageNumber = 297;

type Colour = [red: number, green: number, blue: number];
const red: Colour = [200, 30, 30];
const green: Colour = [30, 180, 30];
const blue: Colour = [30, 30, 200];

/** A picture of one colour. */
const plain = (width: number, height: number, colour: Colour, tags: TiffPage['tags'] = {}): TiffPage => ({
  tags: { 256: [width], 257: [height], 258: [8, 8, 8], 259: [1], 262: [2], 277: [3], 278: [height], ...tags },
  strips: [Buffer.alloc(width * height * 3, Buffer.from(colour))],
});
/** What a sensor saw, as a camera packs it. */
const sensor = (width: number, height: number, tags: TiffPage['tags'] = {}): TiffPage => ({
  tags: { 256: [width], 257: [height], 258: [14], 259: [1], 262: [32_803], 277: [1], 278: [height], ...tags },
  strips: [Buffer.alloc(1_000, 0x5a)],
});
const jpegOf = (width: number, height: number, [r, g, b]: Colour): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: { r, g, b } } })
    .jpeg()
    .toBuffer();
/** A JPEG as cameras attach it, with nothing but its place. */
const attached = (jpeg: Buffer, tags: TiffPage['tags'] = {}): TiffPage => ({
  tags: { 259: [6], ...tags },
  jpeg,
});

async function show(pages: readonly TiffPage[], mimeType = 'image/tiff', order?: TiffOrder) {
  // Without an extension, as the worker has it.
  const path = join(folder, 'photo');
  writeFileSync(path, buildTiff(pages, order));
  const processed = await pipeline.process({ path, mimeType });
  expect(readdirSync(scratchDir)).toEqual([]);
  return processed;
}

interface Wanted {
  width: number;
  height: number;
  colour: Colour;
  /** Of the larger preview. Default that of the photo. */
  shown?: [width: number, height: number];
}

async function expectShown(
  pages: readonly TiffPage[],
  { width, height, colour, shown = [width, height] }: Wanted,
  mimeType?: string,
): Promise<void> {
  for (const order of [{}, { littleEndian: false }, { big: true }]) {
    const { previews, ...processed } = await show(pages, mimeType, order);
    expect(processed).toMatchObject({ width, height });
    expect(previews[1]).toMatchObject({ width: shown[0], height: shown[1] });
    const mean = await meanColour(previews[1]?.data ?? Buffer.alloc(0));
    for (const [channel, value] of colour.entries())
      expect(Math.abs((mean[channel] ?? 0) - value)).toBeLessThan(6);
  }
}

describe('the main picture of a TIFF', () => {
  const whole = { width: 800, height: 600, colour: green };
  test.each<[string, TiffPage[], Wanted]>([
    [
      'comes after a thumbnail that is marked as one',
      [plain(160, 120, red, { [newSubfileType]: [1] }), plain(800, 600, green, { [newSubfileType]: [0] })],
      whole,
    ],
    [
      'comes after a thumbnail that is marked in the old way',
      [plain(160, 120, red, { [subfileType]: [2] }), plain(800, 600, green, { [subfileType]: [1] })],
      whole,
    ],
    [
      'comes after a thumbnail, and is not marked itself',
      [plain(160, 120, red, { [newSubfileType]: [1] }), plain(800, 600, green)],
      whole,
    ],
    ['comes after a thumbnail that is not marked', [plain(160, 120, red), plain(800, 600, green)], whole],
    [
      'is a SubIFD of its thumbnail',
      [{ ...plain(160, 120, red, { [newSubfileType]: [1] }), subIfds: [plain(800, 600, green)] }],
      whole,
    ],
    [
      'is the second SubIFD of a thumbnail that is not marked',
      [
        {
          ...plain(160, 120, red),
          subIfds: [plain(400, 300, blue, { [newSubfileType]: [1] }), plain(800, 600, green)],
        },
      ],
      whole,
    ],
    [
      'is a SubIFD of the second page',
      [
        plain(160, 120, red, { [newSubfileType]: [1] }),
        { ...plain(320, 240, blue, { [newSubfileType]: [1] }), subIfds: [plain(800, 600, green)] },
      ],
      whole,
    ],
    [
      'comes before the levels of its pyramid, which are pages',
      [
        plain(800, 600, green),
        plain(400, 300, red, { [newSubfileType]: [1] }),
        plain(200, 150, red, { [newSubfileType]: [1] }),
      ],
      whole,
    ],
    [
      'comes before the levels of its pyramid, which are SubIFDs',
      [
        {
          ...plain(800, 600, green),
          subIfds: [
            plain(400, 300, red, { [newSubfileType]: [1] }),
            plain(200, 150, red, { [newSubfileType]: [1] }),
          ],
        },
      ],
      whole,
    ],
    [
      'comes after the levels of its pyramid',
      [
        plain(200, 150, red, { [newSubfileType]: [1] }),
        plain(400, 300, red, { [newSubfileType]: [1] }),
        plain(800, 600, green),
      ],
      whole,
    ],
    [
      'has a mask, which is larger',
      [plain(800, 600, green), { ...plain(1600, 1200, red, { [newSubfileType]: [4] }) }],
      whole,
    ],
    [
      'has a mask in front of it',
      [plain(800, 600, red, { [newSubfileType]: [4], [photometric]: [4] }), plain(800, 600, green)],
      whole,
    ],
    [
      'is not marked in a way that makes sense',
      [plain(800, 600, green, { [newSubfileType]: [4_294_967_295] })],
      whole,
    ],
    [
      'is the largest, where all are marked as reduced',
      [plain(160, 120, red, { [newSubfileType]: [1] }), plain(800, 600, green, { [newSubfileType]: [1] })],
      whole,
    ],
  ])('%s', async (_name, pages, wanted) => expectShown(pages, wanted));

  test.each<[string, TiffPage[], Wanted]>([
    [
      'equal pages',
      [plain(600, 800, green), plain(600, 800, red)],
      { width: 600, height: 800, colour: green },
    ],
    [
      'pages of which a later one is larger',
      [plain(600, 800, green), plain(1_400, 1_900, red)],
      { width: 600, height: 800, colour: green },
    ],
    [
      'small pages that are marked as such',
      [
        plain(200, 100, green, { [newSubfileType]: [2], [pageNumber]: [0, 2] }),
        plain(800, 600, red, { [newSubfileType]: [2], [pageNumber]: [1, 2] }),
      ],
      { width: 200, height: 100, colour: green },
    ],
    [
      'small pages that are marked in the old way',
      [plain(200, 100, green, { [subfileType]: [3] }), plain(800, 600, red, { [subfileType]: [3] })],
      { width: 200, height: 100, colour: green },
    ],
    [
      'pages with a thumbnail before each',
      [
        plain(100, 150, red, { [newSubfileType]: [3] }),
        plain(400, 600, green, { [newSubfileType]: [2] }),
        plain(100, 150, red, { [newSubfileType]: [3] }),
        plain(400, 600, blue, { [newSubfileType]: [2] }),
      ],
      { width: 400, height: 600, colour: green },
    ],
  ])('of a document is its first page: %s', async (_name, pages, wanted) => expectShown(pages, wanted));

  test('has the orientation of the file, from any directory', async () => {
    const thumbnail = { [newSubfileType]: [1] };
    for (const pages of [
      [
        plain(160, 120, red, { ...thumbnail, [orientation]: [1] }),
        plain(800, 600, green, { [orientation]: [6] }),
      ],
      [plain(160, 120, red, { ...thumbnail, [orientation]: [6] }), plain(800, 600, green)],
      [{ ...plain(160, 120, red, { ...thumbnail, [orientation]: [6] }), subIfds: [plain(800, 600, green)] }],
    ]) {
      const { width, height, metadata, previews } = await show(pages);
      expect({ width, height, metadata }).toMatchObject({
        width: 600,
        height: 800,
        metadata: { orientation: 6 },
      });
      expect(previews[1]).toMatchObject({ width: 600, height: 800 });
    }
  });

  test('over the limit is refused, and none of its copies shown', async () => {
    const path = join(folder, 'large.tif');
    writeFileSync(path, buildTiff([plain(160, 120, red, { [newSubfileType]: [1] }), plain(800, 600, green)]));
    const error = await withPipeline({ maxPixels: 400_000 }, (small) =>
      mediaErrorOf(small.process({ path, mimeType: 'image/tiff' })),
    );
    expect(error).toMatchObject({ code: 'too_large', width: 800, height: 600 });
  });
});

describe('a camera RAW of any make', () => {
  const photo = { width: 4_000, height: 3_000 };

  // As the cameras of these makers lay out their files, which all begin like a TIFF.
  test.each<[string, string, () => Promise<TiffPage[]>, Partial<Wanted>]>([
    [
      'Pentax: data first, then a thumbnail, then the picture',
      'image/tiff',
      async () => [
        sensor(4_000, 3_000, {
          [compression]: [65_535],
          [make]: 'PENTAX Corporation',
          [model]: 'PENTAX K10D',
        }),
        attached(await jpegOf(160, 120, red), { [newSubfileType]: [1] }),
        attached(await jpegOf(1_200, 900, green)),
      ],
      { shown: [1_080, 810] },
    ],
    [
      'Nikon’s compact cameras: a thumbnail, the picture and the data in SubIFDs',
      'image/tiff',
      async () => [
        {
          ...plain(160, 120, red, { [newSubfileType]: [1], [make]: 'NIKON', [model]: 'COOLPIX P7100' }),
          subIfds: [
            attached(await jpegOf(1_200, 900, green), { [newSubfileType]: [1] }),
            sensor(4_000, 3_000, { [compression]: [34_713] }),
          ],
        },
      ],
      { shown: [1_080, 810] },
    ],
    [
      'Samsung: two JPEGs of different sizes',
      'image/tiff',
      async () => [
        {
          ...attached(await jpegOf(640, 480, red), { [make]: 'SAMSUNG', [model]: 'NX100' }),
          subIfds: [
            attached(await jpegOf(1_200, 900, green), { [newSubfileType]: [1] }),
            sensor(4_000, 3_000, { [compression]: [32_770] }),
          ],
        },
      ],
      { shown: [1_080, 810] },
    ],
    [
      'Hasselblad: nothing but a small picture beside the data',
      'image/tiff',
      async () => [
        {
          ...plain(200, 150, green, { [newSubfileType]: [1], [make]: 'Hasselblad' }),
          subIfds: [sensor(4_000, 3_000)],
        },
      ],
      { shown: [200, 150] },
    ],
    [
      'pictures of the TIFF that are larger than its JPEG',
      'image/tiff',
      async () => [
        sensor(4_000, 3_000, { [make]: 'Maker' }),
        attached(await jpegOf(160, 120, red), { [newSubfileType]: [1] }),
        plain(640, 480, green, { [newSubfileType]: [1] }),
      ],
      { shown: [640, 480] },
    ],
    [
      'a DNG of linear data, with a JPEG strip for a preview',
      'image/x-adobe-dng',
      async () => {
        const preview = await jpegOf(800, 600, green);
        return [
          {
            tags: {
              254: [1],
              256: [800],
              257: [600],
              258: [8, 8, 8],
              259: [7],
              262: [6],
              277: [3],
              278: [600],
              530: [2, 2],
              50706: [1, 4, 0, 0],
            },
            strips: [preview],
            subIfds: [
              sensor(4_000, 3_000, {
                [photometric]: [34_892],
                [compression]: [52_546],
                277: [3],
                258: [16, 16, 16],
              }),
              // A mask of the subject, and a depth map.
              plain(4_000, 10, red, { [newSubfileType]: [65_540], [photometric]: [52_527] }),
              plain(4_000, 10, red, { [newSubfileType]: [8], [photometric]: [51_177] }),
            ],
          },
        ];
      },
      { shown: [800, 600] },
    ],
    [
      'one of the listed makes under another name',
      'image/jpeg',
      async () => [
        {
          ...plain(160, 120, red, {
            [newSubfileType]: [1],
            [make]: 'NIKON CORPORATION',
            [model]: 'NIKON D70',
          }),
          subIfds: [
            attached(await jpegOf(1_200, 900, green), { [newSubfileType]: [1] }),
            sensor(4_000, 3_000),
          ],
        },
      ],
      { shown: [1_080, 810] },
    ],
  ])('%s', async (_name, mimeType, pages, wanted) => {
    await expectShown(await pages(), { ...photo, colour: green, ...wanted }, mimeType);
  });

  test('is rotated by its orientation', async () => {
    const { width, height, previews } = await show([
      {
        ...plain(200, 150, green, { [newSubfileType]: [1], [orientation]: [8] }),
        subIfds: [sensor(4_000, 3_000)],
      },
    ]);
    expect({ width, height }).toEqual({ width: 3_000, height: 4_000 });
    expect(previews[1]).toMatchObject({ width: 150, height: 200 });
  });

  test('without any picture is unsupported, not damaged', async () => {
    for (const pages of [[sensor(4_000, 3_000)], [sensor(4_000, 3_000, { [compression]: [65_535] })]]) {
      const error = await mediaErrorOf(show(pages));
      expect(error).toMatchObject({ code: 'unsupported', width: 4_000, height: 3_000 });
      expect(readdirSync(scratchDir)).toEqual([]);
    }
  });

  test('with a JPEG that is damaged is shown by the next smaller picture', async () => {
    await expectShown(
      [
        sensor(4_000, 3_000, { [make]: 'PENTAX Corporation' }),
        plain(320, 240, green, { [newSubfileType]: [1] }),
        attached(
          Buffer.from('no picture at all, but long enough to be taken for the largest one'.repeat(100)),
        ),
      ],
      { ...photo, colour: green, shown: [320, 240] },
    );
  });
});

test('of a picture that no decoder supports, a copy is shown', async () => {
  await expectShown(
    [
      plain(2_000, 1_500, red, { [compression]: [34_712] }),
      plain(400, 300, green, { [newSubfileType]: [1] }),
      plain(200, 150, blue, { [newSubfileType]: [1] }),
    ],
    { width: 2_000, height: 1_500, colour: green, shown: [400, 300] },
  );
});

test('another page is not shown instead of one that no decoder supports', async () => {
  const page = { [newSubfileType]: [2] };
  const pages = [plain(600, 800, red, { ...page, [compression]: [34_712] }), plain(600, 800, green, page)];
  expect((await mediaErrorOf(show(pages))).code).toBe('unsupported');
});

test('a small picture with a larger JPEG beside it counts as a thumbnail', async () => {
  await expectShown([plain(160, 120, red, { [make]: 'Maker' }), attached(await jpegOf(1_200, 900, green))], {
    width: 1_200,
    height: 900,
    colour: green,
    shown: [1_080, 810],
  });
});

test('a small picture that is marked as the real one is shown, regardless of other pictures', async () => {
  const real = plain(400, 300, red, { [newSubfileType]: [0], [make]: 'Maker' });
  await expectShown([real, attached(await jpegOf(1_200, 900, green))], {
    width: 400,
    height: 300,
    colour: red,
  });
});

test('a picture larger than a thumbnail is shown, regardless of JPEGs beside it', async () => {
  const real = plain(800, 600, red, { [make]: 'Maker' });
  await expectShown([real, attached(await jpegOf(1_200, 900, green))], {
    width: 800,
    height: 600,
    colour: red,
  });
});

test('a first page is the copy of a picture of twice its size and its shape', async () => {
  const large = { width: 1_300, height: 975, colour: green, shown: [1_080, 810] as [number, number] };
  await expectShown([plain(640, 480, red), plain(1_300, 975, green)], large);
  // Of another shape it is a page of its own.
  await expectShown([plain(640, 480, red), plain(1_300, 1_300, green)], {
    width: 640,
    height: 480,
    colour: red,
  });
});

test('the real picture is found behind many thumbnails', async () => {
  const thumbnails = Array.from({ length: 70 }, () => plain(16, 12, red, { [newSubfileType]: [1] }));
  const whole = { width: 800, height: 600, colour: green };
  await expectShown([...thumbnails, plain(800, 600, green)], whole);
  await expectShown(
    [{ ...plain(16, 12, red), subIfds: [...thumbnails.slice(0, 40), plain(800, 600, green)] }],
    whole,
  );
});

test('tags that are not needed may be wrong', async () => {
  const wrong: TiffPage['tags'] = {
    266: [77],
    [orientation]: [77],
    296: [77],
    700: [1, 2, 3],
    34675: [5],
    33723: 'no IPTC',
    40000: [1],
  };
  const each = Object.entries(wrong).map(([tag, value]) => ({ [tag]: value }));
  for (const tags of [...each, wrong]) {
    await expectShown([plain(800, 600, green, tags)], { width: 800, height: 600, colour: green });
  }
});

test('an invalid chain of directories is ignored', async () => {
  const path = join(folder, 'chain.tif');
  const bytes = buildTiff([plain(800, 600, green)]);
  bytes.writeUInt32LE(bytes.length + 5_000, bytes.length - 4);
  writeFileSync(path, bytes);
  expect(await pipeline.process({ path, mimeType: 'image/tiff' })).toMatchObject({ width: 800, height: 600 });
});

test('a file whose directories cannot be read is damaged', async () => {
  const path = join(folder, 'damaged.tif');
  const bytes = buildTiff([plain(60, 40, red)]);
  bytes.writeUInt32LE(bytes.length + 1_000, 4);
  writeFileSync(path, bytes);
  expect((await mediaErrorOf(pipeline.process({ path, mimeType: 'image/tiff' }))).code).toBe('undecodable');
});

const field = fileURLToPath(new URL('../../../../../shared/field/tiff-thumbnail-first', import.meta.url));
(existsSync(field) ? test : test.skip)('a photo behind its thumbnail, as it was reported', async () => {
  const { checks } = JSON.parse(readFileSync(join(field, 'expected.json'), 'utf8'));
  for (const { file, mimeType, width, height, medium } of checks) {
    const processed = await pipeline.process({ path: join(field, file), mimeType });
    expect(processed).toMatchObject({ width, height });
    expect(processed.previews[1]).toMatchObject({ width: medium[0], height: medium[1] });
  }
});
