import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from '@jest/globals';
import { MetadataTool } from '../../src/pipeline/metadata/exiftool.js';
import { type RawTags, TAG_ARGUMENTS } from '../../src/pipeline/metadata/tags.js';
import { toMetadata } from '../../src/pipeline/metadata/to-metadata.js';
import { now, openPipeline, temporaryFolder } from './support.js';
import { pictureWithXmp, taggedPicture } from './tagged.js';

const folder = temporaryFolder();
const tool = new MetadataTool({ taskTimeoutMs: 60_000 });
afterAll(() => tool.close());

const factsOf = async (path: string) => toMetadata(await tool.readTags(path, TAG_ARGUMENTS), now());
const factsIn = (tags: RawTags) => toMetadata(tags, now());

describe('the altitude', () => {
  const here = [
    'GPS:GPSLatitude=47.5',
    'GPS:GPSLatitudeRef=N',
    'GPS:GPSLongitude=11.1',
    'GPS:GPSLongitudeRef=E',
  ];
  test.each([
    ['above the sea', ['GPS:GPSAltitude=2962.06', 'GPS:GPSAltitudeRef=0'], 2962.06],
    ['below the sea', ['GPS:GPSAltitude=430.5', 'GPS:GPSAltitudeRef=1'], -430.5],
    ['without a reference', ['GPS:GPSAltitude=12'], 12],
    ['at the sea', ['GPS:GPSAltitude=0', 'GPS:GPSAltitudeRef=1'], 0],
    ['of XMP, below the sea', ['XMP-exif:GPSAltitude=5', 'XMP-exif:GPSAltitudeRef=1'], -5],
    ['of XMP, where EXIF has none', ['XMP-exif:GPSAltitude=120.25'], 120.25],
    ['of EXIF before that of XMP', ['GPS:GPSAltitude=7', 'XMP-exif:GPSAltitude=8'], 7],
  ] as const)('%s', async (_, tags, metres) => {
    expect((await factsOf(await taggedPicture(folder, [...here, ...tags]))).altitude).toBe(metres);
  });

  test('is read from the location of a QuickTime container', () => {
    expect(factsIn({ 'QuickTime:GPSCoordinates': '47.5 11.1 -3.25' }).altitude).toBe(-3.25);
    expect(factsIn({ 'QuickTime:GPSCoordinates': '47.5 11.1' }).altitude).toBeUndefined();
  });

  test('is absent without a location, and if it is not plausible', async () => {
    expect((await factsOf(await taggedPicture(folder, ['GPS:GPSAltitude=12']))).altitude).toBeUndefined();
    const absurd = await taggedPicture(folder, [...here, 'GPS:GPSAltitude=4294967295']);
    expect((await factsOf(absurd)).altitude).toBeUndefined();
  });
});

describe('the rating', () => {
  test.each([
    [['XMP-xmp:Rating=4'], 4],
    [['IFD0:Rating=3'], 3],
    [['XMP-xmp:Rating=5', 'IFD0:Rating=1'], 5],
    [['XMP-xmp:Rating=0', 'IFD0:Rating=2'], 2],
    [['XMP-xmp:Rating=0'], undefined],
    [['XMP-xmp:Rating=-1'], undefined],
    [['IFD0:RatingPercent=75'], 4],
    [['IFD0:Rating=9'], undefined],
  ] as const)('of %j is %j', async (tags, stars) => {
    expect((await factsOf(await taggedPicture(folder, tags))).rating).toBe(stars);
  });
});

describe('the time zone', () => {
  const date = 'ExifIFD:DateTimeOriginal=2024:07:01 12:00:00';
  test.each([
    ['is that of the offset tag', [date, 'ExifIFD:OffsetTimeOriginal=+02:00'], 120],
    ['may be west', [date, 'ExifIFD:OffsetTimeOriginal=-09:30'], -570],
    ['may be Greenwich', [date, 'ExifIFD:OffsetTimeOriginal=+00:00'], 0],
    [
      'is that of a date with the same time',
      [date, 'XMP-photoshop:DateCreated=2024:07:01 12:00:00+03:00'],
      180,
    ],
    [
      'follows from the time of the GPS',
      [date, 'GPS:GPSDateStamp=2024:07:01', 'GPS:GPSTimeStamp=06:30:02'],
      330,
    ],
    ['is unknown without any of these', [date], undefined],
    ['is not told by a time in UTC', ['XMP-xmp:CreateDate=2024:07:01 12:00:00Z'], undefined],
    ['is not told by the GPS alone', ['GPS:GPSDateStamp=2024:07:01', 'GPS:GPSTimeStamp=06:30:02'], undefined],
  ] as const)('%s', async (_, tags, minutes) => {
    const { capturedAt, capturedAtOffset } = await factsOf(await taggedPicture(folder, tags));
    expect(capturedAt).toBeInstanceOf(Date);
    expect(capturedAtOffset).toBe(minutes);
  });
});

describe('a motion photo', () => {
  const pipeline = openPipeline();
  const kindOf = async (path: string) =>
    (await pipeline.process({ path, mimeType: 'image/jpeg' })).metadata.kind;
  const video = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypmp42'), Buffer.alloc(988)]);
  const marked = (attributes: Record<string, string>) =>
    pictureWithXmp(folder, { 'xmlns:GCamera': 'http://ns.google.com/photos/1.0/camera/', ...attributes });

  test('is one if XMP says so and the video is there', async () => {
    const path = await marked({ 'GCamera:MicroVideo': '1', 'GCamera:MicroVideoOffset': `${video.length}` });
    expect(await kindOf(path)).toBe('photo');
    appendFileSync(path, video);
    expect(await kindOf(path)).toBe('motion');
  });

  test('in the newer format, which lists the content of the file', async () => {
    const path = await taggedPicture(folder, [
      'XMP-GCamera:MotionPhoto=1',
      `XMP-GContainer:ContainerDirectory=[{Item={Mime=image/jpeg,Semantic=Primary,Length=0}},{Item={Mime=video/mp4,Semantic=MotionPhoto,Length=${video.length}}}]`,
    ]);
    expect(await kindOf(path)).toBe('photo');
    appendFileSync(path, video);
    expect(await kindOf(path)).toBe('motion');
  });

  test.each(['0', '-5', '99999999999', 'x'])('is none with the length %s', async (length) => {
    const path = await marked({ 'GCamera:MicroVideo': '1', 'GCamera:MicroVideoOffset': length });
    appendFileSync(path, video);
    expect(await kindOf(path)).toBe('photo');
  });

  test('is none if XMP does not announce the video', async () => {
    const path = await taggedPicture(folder, []);
    writeFileSync(path, Buffer.concat([readFileSync(path), video]));
    expect(await kindOf(path)).toBe('photo');
  });
});
