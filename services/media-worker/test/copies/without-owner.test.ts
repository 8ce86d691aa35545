import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import sharp from 'sharp';
import { hasEmail } from '../../src/copies/find-tags.js';
import { createGround, derivedOf, type Ground, startWorker, storeOriginal, type Worker } from '../harness.js';
import { temporaryFolder } from '../pipeline/support.js';
import { pngChunk } from '../pipeline/tagged.js';
import {
  CITY,
  contentOf,
  everyLocation,
  otherTags,
  picture,
  tagged,
  tagsOf,
  withoutLocation,
  withoutOwner,
} from './support.js';

const formats = ['jpeg', 'png', 'webp', 'tiff', 'avif', 'gif'] as const;
const heic = fileURLToPath(new URL('../pipeline/inputs/p3.heic', import.meta.url));
const requests = { 'without-location': withoutLocation, 'without-owner': withoutOwner };
const kinds = ['without-location', 'without-owner'] as const;

/** Words to search for in the bytes. */
const [NAME, EMAIL] = ['Josephine', 'owner@example.org'];
const everyOwner = [
  `-EXIF:Artist=${NAME} <${EMAIL}>`,
  `-EXIF:XPAuthor=${NAME}`,
  `-EXIF:OwnerName=${NAME}`,
  `-EXIF:HostComputer=${NAME}s-phone`,
  `-EXIF:UserComment=write to ${EMAIL}`,
  `-Comment=by ${EMAIL}`,
  `-IPTC:By-line=${NAME}`,
  `-IPTC:By-lineTitle=${NAME}`,
  `-IPTC:Contact=${EMAIL}`,
  `-IPTC:Writer-Editor=${NAME}`,
  `-IPTC:Credit=${EMAIL}`,
  `-PNG:Author=${NAME}`,
  `-XMP-dc:Creator=${NAME}`,
  `-XMP-dc:Rights-de=Rechte: ${EMAIL}`,
  `-XMP-dc:Description-fr=de ${EMAIL}`,
  `-XMP-dc:Subject=sea`,
  `-XMP-dc:Subject=${EMAIL}`,
  `-XMP-tiff:Artist=${NAME}`,
  `-XMP-aux:OwnerName=${NAME}`,
  `-XMP-exifEX:OwnerName=${NAME}`,
  `-XMP-exifEX:Photographer=${NAME}`,
  `-XMP-iptcCore:CreatorWorkEmail=${EMAIL}`,
  `-XMP-iptcCore:CreatorWorkTelephone=${NAME}`,
  `-XMP-photoshop:AuthorsPosition=${NAME}`,
  `-XMP-photoshop:CaptionWriter=${NAME}`,
  `-XMP-plus:LicensorName=${NAME}`,
  `-XMP-plus:CopyrightOwnerName=${NAME}`,
  `-XMP-xmpRights:Owner=${NAME}`,
];
const rights = ['-EXIF:Copyright=Free to use', '-XMP-xmpRights:UsageTerms=Be kind'];

describeWithPostgres('a copy without its owner', () => {
  const folder = temporaryFolder();
  let ground: Ground;
  let worker: Worker;
  beforeAll(async () => {
    ground = await createGround();
    worker = await startWorker({ ground });
  });
  afterAll(async () => {
    await worker.stop();
    await ground.remove();
  });

  const copyOf = async (kind: keyof typeof requests, original: Buffer, mimeType = 'image/jpeg') => {
    const upload = await storeOriginal(ground, original, mimeType);
    const { key } = await worker.service.api.makeCopy(requests[kind](upload));
    return { upload, isOriginal: key === upload.storageKey, copy: await contentOf(ground, key) };
  };
  const expectNobody = (copy: Buffer) => {
    for (const secret of [NAME, EMAIL]) {
      expect(copy.includes(secret)).toBe(false);
      expect(copy.includes(Buffer.from(secret, 'utf16le'))).toBe(false);
    }
  };
  const pixels = (bytes: Buffer) => sharp(bytes).raw().toBuffer();

  it.each(formats)('of %s names no person, with or without the location', async (format) => {
    const mimeType = `image/${format}`;
    const original = await tagged(
      await picture(format),
      mimeType,
      folder,
      ...everyLocation,
      ...everyOwner,
      ...rights,
      ...otherTags,
    );
    expect(original.includes(NAME)).toBe(true);
    for (const kind of kinds) {
      const { copy, upload } = await copyOf(kind, original, mimeType);
      expectNobody(copy);
      expect(await derivedOf(ground, upload)).toEqual([kind]);
      expect(copy.includes(CITY)).toBe(kind === 'without-owner');
      const kept = await tagsOf(
        copy,
        mimeType,
        folder,
        '-Title',
        '-UsageTerms',
        '-EXIF:Copyright',
        '-EXIF:Make',
      );
      expect(kept).toMatchObject({ 'XMP:Title': 'A title', 'XMP:UsageTerms': 'Be kind' });
      if (format !== 'gif') {
        expect(kept).toMatchObject({ 'EXIF:Make': 'Testcam', 'EXIF:Copyright': 'Free to use' });
      }
      expect((await pixels(copy)).equals(await pixels(original))).toBe(true);
    }
  });

  it('of HEIC', async () => {
    const original = await tagged(readFileSync(heic), 'image/heic', folder, ...everyOwner, ...everyLocation);
    for (const kind of kinds) expectNobody((await copyOf(kind, original, 'image/heic')).copy);
  });

  it.each(formats)(
    'of %s without an owner is the original itself, with rights and location',
    async (format) => {
      const tags = [
        ...everyLocation,
        ...rights,
        ...otherTags,
        '-XMP-dc:Description=24mm @ f/2.8',
        '-EXIF:Artist= ',
        '-EXIF:Model=Phone 15',
        '-EXIF:HostComputer=Phone 15',
      ];
      const original = await tagged(await picture(format), `image/${format}`, folder, ...tags);
      expect((await copyOf('without-owner', original, `image/${format}`)).isOriginal).toBe(true);
    },
  );

  it.each(kinds)('has no e-mail address in what no program knows (%s)', async (kind) => {
    const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
      xmlns:own="http://example.org/own/" own:Account="${EMAIL}"/></rdf:RDF></x:xmpmeta>`;
    const jpeg = await sharp(await picture('jpeg'))
      .withXmp(packet)
      .jpeg()
      .toBuffer();
    expectNobody((await copyOf(kind, jpeg)).copy);
    const png = await picture('png');
    const at = png.indexOf('IDAT') - 4;
    const text = pngChunk('tEXt', Buffer.from(`Sent to\u0000${EMAIL}`));
    const labelled = Buffer.concat([png.subarray(0, at), text, png.subarray(at)]);
    expectNobody((await copyOf(kind, labelled, 'image/png')).copy);
  });

  describe('of JPEG', () => {
    const start = (jpeg: Buffer) => 4 + jpeg.readUInt16BE(4);
    const withSegments = (jpeg: Buffer, numbers: readonly number[]) => {
      const segments = numbers.map((number) => {
        const body = Buffer.from(`Mine\0${NAME}`);
        return Buffer.concat([Buffer.from([0xff, 0xe0 + number, 0, body.length + 2]), body]);
      });
      return Buffer.concat([jpeg.subarray(0, start(jpeg)), ...segments, jpeg.subarray(start(jpeg))]);
    };

    it.each([
      ['without-location', Array.from({ length: 16 }, (_, number) => number)],
      ['without-owner', [0, 1, 3, 4, 7, 10, 11, 12, 13, 14, 15]],
    ] as const)('has no unknown segments (%s), and keeps the profile', async (kind, numbers) => {
      const plain = await sharp(await picture('jpeg'))
        .withIccProfile('p3')
        .jpeg()
        .toBuffer();
      const { copy } = await copyOf(kind, withSegments(plain, numbers));
      expectNobody(copy);
      expect(copy.equals(plain)).toBe(true);
    });

    it('has no thumbnail with the location or the owner', async () => {
      const thumbnail = join(folder, 'thumbnail.jpg');
      const tags = ['-GPSLatitude=48.1374', '-GPSLatitudeRef=N', `-GPSAreaInformation=${CITY}`];
      writeFileSync(
        thumbnail,
        await tagged(await picture('jpeg'), 'image/jpeg', folder, ...tags, ...everyOwner),
      );
      const original = await tagged(
        await picture('jpeg'),
        'image/jpeg',
        folder,
        `-ThumbnailImage<=${thumbnail}`,
        ...otherTags,
      );
      expect(original.includes(NAME)).toBe(true);
      for (const kind of kinds) {
        const { copy } = await copyOf(kind, original);
        expectNobody(copy);
        expect(copy.includes(CITY)).toBe(false);
        expect(await tagsOf(copy, 'image/jpeg', folder, '-EXIF:Orientation#')).toEqual({
          'EXIF:Orientation': 6,
        });
      }
    });
  });

  it('is refused for a file that cannot be written and names its owner', async () => {
    const png = await tagged(await picture('png'), 'image/png', folder, ...everyOwner);
    for (const kind of kinds) {
      // exiftool writes no PNG as a JPEG.
      await expect(copyOf(kind, png)).rejects.toMatchObject({ code: 'copy_unsupported' });
      expect((await copyOf(kind, await picture('png'))).isOriginal).toBe(true);
    }
  });
});

describe('an e-mail address', () => {
  it.each([
    'a@b.co',
    'Jo <jo.owner+x@mail.example.org>, call me',
    '"jo owner"@example.org',
    'jo@bücher.example',
    'mailto:jo%40example.org',
    'jo&#64;example.org',
    'jo＠example.org',
  ])('is %s', (text) => expect(hasEmail(text)).toBe(true));
  it.each([
    '',
    '24mm @ f/2.8',
    'me@home',
    '50@1.8',
    '@handle',
    `${'a'.repeat(200_000)}`,
    '@.'.repeat(100_000),
  ])('is not (%#)', (text) => expect(hasEmail(text)).toBe(false));
});
