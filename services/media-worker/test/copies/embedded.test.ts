import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { CopyEdits } from '@lazyphotos/contracts';
import { describeWithPostgres } from '@lazyphotos/testkit';
import sharp from 'sharp';
import { MetadataTool } from '../../src/pipeline/metadata/exiftool.js';
import { GIF_TAG_ARGUMENTS } from '../../src/pipeline/metadata/tags.js';
import { toMetadata } from '../../src/pipeline/metadata/to-metadata.js';
import { createGround, type Ground, startWorker, storeOriginal, type Worker } from '../harness.js';
import { describeWithPhotos, photo } from '../pipeline/corpus.js';
import { now, temporaryFolder } from '../pipeline/support.js';
import { CITY, contentOf, embedded, everyLocation, otherTags, picture, tagged, tagsOf } from './support.js';

const formats = ['jpeg', 'png', 'webp', 'tiff', 'avif', 'gif'] as const;
const heic = fileURLToPath(new URL('../pipeline/inputs/p3.heic', import.meta.url));

const edits: CopyEdits = {
  description: 'Two lines & an entity: &lt;\nDruhý řádek 🏖',
  tags: ['Sommer', 'moře, pláž', 'a & b'],
  rating: 4,
  capturedAt: '2023-12-31T23:30:15.250Z',
  capturedAtOffset: 330,
  location: { lat: -33.9249, lon: -18.4241, altitude: -12.5 },
  cameraMake: 'Make & Söhne',
  cameraModel: 'M1',
};

describeWithPostgres('a copy with the edits', () => {
  const folder = temporaryFolder();
  const tool = new MetadataTool({ taskTimeoutMs: 60_000 });
  let ground: Ground;
  let worker: Worker;
  beforeAll(async () => {
    ground = await createGround();
    worker = await startWorker({ ground });
  });
  afterAll(async () => {
    await tool.close();
    await worker.stop();
    await ground.remove();
  });

  const copyOf = async (original: Buffer, mimeType: string, changes: CopyEdits) => {
    const upload = await storeOriginal(ground, original, mimeType);
    const { key } = await worker.service.api.makeCopy(embedded(upload, changes));
    return { isOriginal: key === upload.storageKey, copy: await contentOf(ground, key) };
  };
  /** What this system would find in the copy if it were uploaded. */
  const metadataOf = async (bytes: Buffer) => {
    const path = join(folder, 'copy');
    writeFileSync(path, bytes);
    return toMetadata(await tool.readTags(path, GIF_TAG_ARGUMENTS), now());
  };

  const expectEdits = async (copy: Buffer, mimeType: string) => {
    expect(await metadataOf(copy)).toMatchObject({
      capturedAt: new Date('2023-12-31T23:30:15.250Z'),
      capturedAtOffset: 330,
      locationLat: expect.closeTo(-33.9249, 4),
      locationLon: expect.closeTo(-18.4241, 4),
      altitude: -12.5,
      rating: 4,
      cameraModel: 'M1',
    });
    const tags = await tagsOf(
      copy,
      mimeType,
      folder,
      '-XMP-dc:all',
      '-IPTC:Keywords',
      '-charset',
      'iptc=utf8',
    );
    expect(tags['XMP:Subject']).toEqual(edits.tags);
    expect(tags['XMP:Description']).toBe(edits.description);
    if (mimeType === 'image/jpeg') expect(tags['IPTC:Keywords']).toEqual(edits.tags);
    expect(copy.includes(CITY)).toBe(false);
  };

  it.each(formats)('of %s has them all, and the same pixels', async (format) => {
    const mimeType = `image/${format}`;
    const original = await tagged(await picture(format), mimeType, folder, ...everyLocation, ...otherTags);
    const { copy } = await copyOf(original, mimeType, edits);
    await expectEdits(copy, mimeType);
    expect((await metadataOf(copy)).cameraMake).toBe('Make & Söhne');
    const pixels = (bytes: Buffer) => sharp(bytes).raw().toBuffer();
    expect((await pixels(copy)).equals(await pixels(original))).toBe(true);
  });

  it('of HEIC', async () => {
    const original = await tagged(readFileSync(heic), 'image/heic', folder, ...everyLocation);
    await expectEdits((await copyOf(original, 'image/heic', edits)).copy, 'image/heic');
  });

  it('keeps what was not edited', async () => {
    const original = await tagged(
      await picture('jpeg'),
      'image/jpeg',
      folder,
      ...everyLocation,
      ...otherTags,
    );
    const { copy } = await copyOf(original, 'image/jpeg', { rating: 2 });
    const before = await tagsOf(original, 'image/jpeg', folder, '-EXIF:all', '-XMP:all', '-IPTC:all');
    const after = await tagsOf(copy, 'image/jpeg', folder, '-EXIF:all', '-XMP:all', '-IPTC:all');
    expect(after).toEqual({ ...before, 'XMP:Rating': 2, 'EXIF:Rating': 2 });
  });

  it('removes what was removed', async () => {
    const original = await tagged(
      await picture('jpeg'),
      'image/jpeg',
      folder,
      ...everyLocation,
      ...otherTags,
      '-XMP:Rating=3',
      '-EXIF:RatingPercent=50',
      '-XMP-dc:Subject=old',
      '-IPTC:Keywords=old',
      '-EXIF:ImageDescription=old',
      '-XMP-dc:Description=old',
      '-IPTC:Caption-Abstract=old',
    );
    const { copy } = await copyOf(original, 'image/jpeg', {
      description: null,
      tags: [],
      rating: null,
      location: null,
      cameraMake: null,
    });
    expect(await metadataOf(copy)).toEqual({
      ...(await metadataOf(await tagged(await picture('jpeg'), 'image/jpeg', folder, ...otherTags))),
      cameraMake: undefined,
    });
    const left = await tagsOf(
      copy,
      'image/jpeg',
      folder,
      '-Location:all',
      '-*Rating*',
      '-Subject',
      '-Keywords',
    );
    expect(left).toEqual({});
    expect(copy.includes('old')).toBe(false);
  });

  it('of a time without a known zone has no zone, although the original had one', async () => {
    const original = await tagged(
      await picture('jpeg'),
      'image/jpeg',
      folder,
      '-EXIF:DateTimeOriginal=2020:01:01 10:00:00',
      '-EXIF:OffsetTimeOriginal=+05:00',
      '-EXIF:OffsetTime=+05:00',
    );
    const capturedAt = '2021-05-05T08:00:00.000Z';
    const { copy } = await copyOf(original, 'image/jpeg', { capturedAt });
    const found = await metadataOf(copy);
    expect(found.capturedAt).toEqual(new Date(capturedAt));
    expect(found.capturedAtOffset).toBeUndefined();
  });

  it('without edits, or with those that are there already, is the original itself', async () => {
    const original = await tagged(
      await picture('jpeg'),
      'image/jpeg',
      folder,
      '-XMP:Rating=3',
      '-EXIF:Rating=3',
    );
    expect((await copyOf(original, 'image/jpeg', {})).isOriginal).toBe(true);
    expect((await copyOf(original, 'image/jpeg', { location: null })).isOriginal).toBe(true);
  });

  it('is refused for a file that cannot be written', async () => {
    const broken = (await picture('jpeg')).subarray(0, 100);
    await expect(copyOf(broken, 'image/jpeg', { rating: 1 })).rejects.toMatchObject({
      code: 'copy_unsupported',
    });
  });

  describeWithPhotos('of camera RAW', () => {
    it.each([
      ['good/raw/photoprism__canon_eos_6d.dng', 'image/x-adobe-dng'],
      ['good/raw/gpth-j__RAW_NIKON_D1.NEF', 'image/x-nikon-nef'],
    ])('%s keeps the make by which programs know it', async (name, mimeType) => {
      const original = readFileSync(photo(name));
      const { copy } = await copyOf(original, mimeType, { ...edits, cameraModel: undefined });
      const make = (bytes: Buffer) =>
        tagsOf(bytes, mimeType, folder, '-EXIF:Make', '-EXIF:Model', '-ImageDataHash');
      expect(await make(copy)).toEqual(await make(original));
      expect(await metadataOf(copy)).toMatchObject({ rating: 4, altitude: -12.5 });
    });
  });
});
