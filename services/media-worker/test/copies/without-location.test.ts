import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import sharp from 'sharp';
import { createGround, type Ground, startWorker, storeOriginal, type Worker } from '../harness.js';
import { describeWithPhotos, photo } from '../pipeline/corpus.js';
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
} from './support.js';

const formats = ['jpeg', 'png', 'webp', 'tiff', 'avif', 'gif'] as const;
const heic = fileURLToPath(new URL('../pipeline/inputs/p3.heic', import.meta.url));

/** A video of a phone: no pictures in it, but a place (QuickTime's ©xyz). */
function videoWithLocation(): Buffer {
  const box = (type: string, ...content: Buffer[]): Buffer => {
    const body = Buffer.concat(content);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length + 8);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, body]);
  };
  const place = Buffer.concat([Buffer.from([0, 18, 0x15, 0xc7]), Buffer.from('+48.1374+011.5755/')]);
  return Buffer.concat([
    box('ftyp', Buffer.from('mp42\0\0\0\0mp42isom')),
    box('moov', box('udta', box('\u00a9xyz', place))),
    box('mdat', Buffer.alloc(64)),
  ]);
}

describeWithPostgres('a copy without location', () => {
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

  const copyOf = async (original: Buffer, mimeType: string) => {
    const upload = await storeOriginal(ground, original, mimeType);
    const { key } = await worker.service.api.makeCopy(withoutLocation(upload));
    const { info } = await ground.store.get(key).then(({ info, body }) => {
      body.destroy();
      return { info };
    });
    return { upload, key, info, copy: await contentOf(ground, key) };
  };
  const expectNoLocation = async (copy: Buffer, mimeType: string) => {
    const found = await tagsOf(copy, mimeType, folder, '-ee3', '-Location:all', '-*GPS*', '-IPTC:all');
    delete found['IPTC:ApplicationRecordVersion'];
    expect(found).toEqual({});
    expect(copy.includes(CITY)).toBe(false);
  };
  const digestOf = async (bytes: Buffer, mimeType: string) =>
    Object.values(await tagsOf(bytes, mimeType, folder, '-ImageDataHash'))[0];

  it.each(formats)(
    'of %s has none of the tags that tell it, the same pixels and all else',
    async (format) => {
      const mimeType = `image/${format}`;
      const original = await tagged(await picture(format), mimeType, folder, ...everyLocation, ...otherTags);
      expect(original.includes(CITY)).toBe(true);
      const { upload, key, copy, info } = await copyOf(original, mimeType);
      expect(key).toBe(`derived/${upload.userId}/${upload.photoId}/without-location`);
      expect(info).toMatchObject({ contentType: mimeType, size: copy.length });
      await expectNoLocation(copy, mimeType);
      const kept = await tagsOf(copy, mimeType, folder, '-Title', '-EXIF:Make', '-EXIF:DateTimeOriginal');
      expect(kept).toMatchObject({ 'XMP:Title': 'A title' });
      if (format !== 'gif') {
        expect(kept).toMatchObject({
          'EXIF:Make': 'Testcam',
          'EXIF:DateTimeOriginal': '2024:07:01 12:00:00',
        });
      }
      const pixels = (bytes: Buffer) => sharp(bytes).raw().toBuffer();
      expect((await pixels(copy)).equals(await pixels(original))).toBe(true);
      expect((await contentOf(ground, upload.storageKey)).equals(original)).toBe(true);
    },
  );

  it('of HEIC', async () => {
    const original = await tagged(readFileSync(heic), 'image/heic', folder, ...everyLocation, ...otherTags);
    const { copy } = await copyOf(original, 'image/heic');
    await expectNoLocation(copy, 'image/heic');
    expect(await digestOf(copy, 'image/heic')).toEqual(await digestOf(original, 'image/heic'));
  });

  it('has the name of the file and the hash of its own bytes', async () => {
    const upload = await storeOriginal(
      ground,
      await tagged(await picture('jpeg'), 'image/jpeg', folder, ...everyLocation),
    );
    const original = await contentOf(ground, upload.storageKey);
    const metadata = { 'file-name': 'Straße.jpg', sha256: 'ab'.repeat(32) };
    await ground.store.put(upload.storageKey, original, { contentType: 'image/jpeg', metadata });
    const { key } = await worker.service.api.makeCopy(withoutLocation(upload));
    const info = await ground.store.head(key);
    expect(info.metadata['file-name']).toBe('Straße.jpg');
    expect(info.metadata.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(info.etag).not.toBe(metadata.sha256);
  });

  describe('of a motion photo', () => {
    const video = videoWithLocation();

    it('has no video, since that has a place of its own', async () => {
      const still = await tagged(
        await picture('jpeg'),
        'image/jpeg',
        folder,
        '-XMP-GCamera:MicroVideo=1',
        `-XMP-GCamera:MicroVideoOffset=${video.length}`,
      );
      const { copy, key, upload } = await copyOf(Buffer.concat([still, video]), 'image/jpeg');
      expect(key).not.toBe(upload.storageKey);
      expect(copy.includes('+48.1374')).toBe(false);
      expect(await sharp(copy).metadata()).toMatchObject({ width: 64, height: 48 });
    });

    it('has no bytes after the picture', async () => {
      const { copy } = await copyOf(Buffer.concat([await picture('jpeg'), video]), 'image/jpeg');
      expect(copy.includes('+48.1374')).toBe(false);
    });
  });

  it('loses the XMP of unknown programs, if there is a place in it', async () => {
    const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
      xmlns:drone="http://example.org/drone/" drone:GpsLatitude="48.1374" drone:GpsLongitude="11.5755"/></rdf:RDF></x:xmpmeta>`;
    const original = await sharp(await picture('jpeg'))
      .withXmp(packet)
      .jpeg()
      .toBuffer();
    const { copy, key, upload } = await copyOf(original, 'image/jpeg');
    expect(key).not.toBe(upload.storageKey);
    expect(copy.includes('48.1374')).toBe(false);
  });

  it('loses the text of a PNG, if there is a place in it', async () => {
    const png = await picture('png');
    const at = png.indexOf('IDAT') - 4;
    const text = pngChunk('tEXt', Buffer.from('exif:GPSLatitude\u000048/1, 8/1, 14/1'));
    const original = Buffer.concat([png.subarray(0, at), text, png.subarray(at)]);
    const { copy, key, upload } = await copyOf(original, 'image/png');
    expect(key).not.toBe(upload.storageKey);
    expect(copy.includes('GPSLatitude')).toBe(false);
  });

  it.each(formats)('of %s without one is the original itself', async (format) => {
    const original = await tagged(await picture(format), `image/${format}`, folder, '-XMP-dc:Title=A title');
    const { upload, key } = await copyOf(original, `image/${format}`);
    expect(key).toBe(upload.storageKey);
  });

  it('is refused for a file that cannot be written and has one', async () => {
    const whole = await tagged(await picture('jpeg'), 'image/jpeg', folder, ...everyLocation);
    const upload = await storeOriginal(ground, whole.subarray(0, whole.length - 200));
    const refused = { code: 'copy_unsupported', status: 422 };
    await expect(worker.service.api.makeCopy(withoutLocation(upload))).rejects.toMatchObject(refused);
    await expect(worker.service.api.makeCopy(withoutLocation(upload))).rejects.toMatchObject(refused);
    const none = await storeOriginal(ground, (await picture('jpeg')).subarray(0, -200));
    expect(await worker.service.api.makeCopy(withoutLocation(none))).toEqual({ key: none.storageKey });
  });

  describeWithPhotos('of real photos', () => {
    it.each([
      ['good/heic/photoprism__iphone_15_pro.heic', 'image/heic'],
      ['good/heic/exif-samples__samplefilehub.heif', 'image/heic'],
      ['good/heic/exif-samples__HMD_Nokia_8.3_5G_hdr.heif', 'image/heic'],
      ['good/avif/exifr__Irvine_CA.avif', 'image/avif'],
      ['good/raw/photoprism__canon_eos_6d.dng', 'image/x-adobe-dng'],
      ['good/raw/gpth-j__RAW_NIKON_D1.NEF', 'image/x-nikon-nef'],
      ['good/png/exifr__png_with_exif_and_gps.png', 'image/png'],
    ])('%s', async (name, mimeType) => {
      const original = await tagged(readFileSync(photo(name)), mimeType, folder, ...everyLocation);
      const { copy } = await copyOf(original, mimeType);
      await expectNoLocation(copy, mimeType);
      expect(await digestOf(copy, mimeType)).toEqual(await digestOf(original, mimeType));
    });
  });

  it('leaves nothing in the scratch folder', () => {
    expect(readdirSync(ground.scratch)).toEqual([]);
  });
});
