import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { CopyEdits, CopyRequest } from '@lazyphotos/contracts';
import { ExifTool } from 'exiftool-vendored';
import sharp from 'sharp';
import type { Ground, Upload } from '../harness.js';

const exiftool = new ExifTool({ maxProcs: 1 });
afterAll(() => exiftool.end());

export const withoutLocation = ({ userId, photoId, storageKey, mimeType }: Upload): CopyRequest => ({
  kind: 'without-location',
  userId,
  photoId,
  storageKey,
  mimeType,
});
export const withoutOwner = (upload: Upload): CopyRequest => ({
  ...withoutLocation(upload),
  kind: 'without-owner',
});
export const embedded = (
  { userId, photoId, storageKey, mimeType }: Upload,
  edits: CopyEdits,
  version = 1,
): CopyRequest => ({ kind: 'embedded', userId, photoId, storageKey, mimeType, version, edits });

export async function contentOf({ store }: Pick<Ground, 'store'>, key: string): Promise<Buffer> {
  const { body } = await store.get(key);
  return Buffer.concat(await body.toArray());
}

const noisy = () =>
  sharp({
    create: {
      width: 64,
      height: 48,
      channels: 3,
      background: '#000',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  });

const extensions: Record<string, string> = {
  'image/jpeg': 'jpg',
  'image/x-adobe-dng': 'dng',
  'image/x-nikon-nef': 'nef',
};
const extensionOf = (mimeType: string) => extensions[mimeType] ?? mimeType.slice('image/'.length);

/** A picture of grain, which no encoder writes twice in the same way. */
export const picture = (format: 'jpeg' | 'png' | 'webp' | 'tiff' | 'avif' | 'gif'): Promise<Buffer> =>
  noisy().toFormat(format).toBuffer();

/** Returns a photo with tags (`-Tag=value`) that exiftool has written into it. */
export async function tagged(photo: Buffer, mimeType: string, folder: string, ...tags: string[]) {
  const path = join(folder, `${randomUUID()}.${extensionOf(mimeType)}`);
  writeFileSync(path, photo);
  await exiftool.write(path, {}, { writeArgs: ['-m', '-overwrite_original', ...tags] });
  return readFileSync(path);
}

/** What exiftool reads of a photo. */
export async function tagsOf(
  photo: Buffer,
  mimeType: string,
  folder: string,
  ...args: string[]
): Promise<Record<string, unknown>> {
  const path = join(folder, `${randomUUID()}.${extensionOf(mimeType)}`);
  writeFileSync(path, photo);
  const { SourceFile, errors, warnings, ...tags } = await exiftool.readRaw(path, {
    readArgs: ['-G0', '-a', ...args],
    useMWG: false,
  });
  return { ...tags };
}

/** Every kind of tag that tells where a photo was taken; the city is a word that can be searched for in the bytes. */
export const CITY = 'Hinterdupfing';
export const everyLocation = [
  '-GPSLatitude=48.1374',
  '-GPSLatitudeRef=N',
  '-GPSLongitude=11.5755',
  '-GPSLongitudeRef=E',
  '-GPSAltitude=520',
  '-GPSDateStamp=2024:07:01',
  '-GPSTimeStamp=10:00:00',
  '-GPSAreaInformation=Hinterdupfing',
  '-XMP-exif:GPSLatitude=48.1374',
  '-XMP-exif:GPSLongitude=11.5755',
  '-XMP-photoshop:City=Hinterdupfing',
  '-XMP-photoshop:Country=Hinterdupfing',
  '-XMP-iptcCore:Location=Hinterdupfing',
  '-XMP-iptcCore:CountryCode=DE',
  '-XMP-iptcExt:LocationShownCity=Hinterdupfing',
  '-XMP-iptcExt:LocationCreatedSublocation=Hinterdupfing',
  '-IPTC:City=Hinterdupfing',
  '-IPTC:Sub-location=Hinterdupfing',
  '-IPTC:Province-State=Hinterdupfing',
  '-IPTC:Country-PrimaryLocationName=Hinterdupfing',
];
/** What has to stay. */
export const otherTags = [
  '-EXIF:Make=Testcam',
  '-EXIF:Orientation#=6',
  '-EXIF:DateTimeOriginal=2024:07:01 12:00:00',
  '-XMP-dc:Title=A title',
];
