import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { MetadataTool } from '../../src/pipeline/metadata/exiftool.js';
import { TAG_ARGUMENTS } from '../../src/pipeline/metadata/tags.js';
import { toMetadata } from '../../src/pipeline/metadata/to-metadata.js';
import { describeWithField, fieldChecks, fieldFile } from './field.js';
import { now, openPipeline, temporaryFolder } from './support.js';
import { addPngChunks, gifWithXmp, pictureWithXmp, pngChunk, taggedPicture, xmpPacket } from './tagged.js';

const folder = temporaryFolder();
const tool = new MetadataTool({ taskTimeoutMs: 60_000 });
afterAll(() => tool.close());

/** Time and source, as one line. */
async function dateOf(path: string): Promise<string | undefined> {
  const { capturedAt, capturedAtSource } = toMetadata(await tool.readTags(path, TAG_ARGUMENTS), now());
  return capturedAt && `${capturedAt.toISOString().replace('.000Z', 'Z')} ${capturedAtSource}`;
}

const zeros = '0000:00:00 00:00:00';

describe('the first plausible date', () => {
  const sources = [
    ['EXIF:DateTimeOriginal=2001:01:01 01:01:01', '2001-01-01T01:01:01Z exifOriginal'],
    ['XMP-exif:DateTimeOriginal=2002:02:02 02:02:02', '2002-02-02T02:02:02Z xmpOriginal'],
    ['XMP-photoshop:DateCreated=2003:03:03 03:03:03', '2003-03-03T03:03:03Z xmpOriginal'],
    ['XMP-xmpDM:ShotDate=2003:12:31 03:03:03', '2003-12-31T03:03:03Z xmpOriginal'],
    ['IPTC:DateCreated=2004:04:04', '2004-04-04T00:00:00Z iptcOriginal'],
    ['EXIF:CreateDate=2005:05:05 05:05:05', '2005-05-05T05:05:05Z exifDigitized'],
    ['XMP-exif:DateTimeDigitized=2006:06:06 06:06:06', '2006-06-06T06:06:06Z xmpDigitized'],
    ['XMP-xmp:CreateDate=2007:07:07 07:07:07', '2007-07-07T07:07:07Z xmpDigitized'],
    ['XMP-dc:Date=2007:08:08 08:08:08', '2007-08-08T08:08:08Z xmpDigitized'],
    ['IPTC:DigitalCreationDate=2008:08:08', '2008-08-08T00:00:00Z iptcDigitized'],
    ['GPS:GPSDateStamp=2009:09:09', '2009-09-09T00:00:00Z gps'],
    ['IFD0:ModifyDate=2010:10:10 10:10:10', '2010-10-10T10:10:10Z metadataModified'],
    ['XMP-xmp:ModifyDate=2011:11:11 11:11:11', '2011-11-11T11:11:11Z metadataModified'],
    ['XMP-tiff:DateTime=2012:12:12 12:12:12', '2012-12-12T12:12:12Z metadataModified'],
    ['XMP-microsoft:DateAcquired=2012:12:31 12:12:12', '2012-12-31T12:12:12Z metadataModified'],
    ['XMP-xmp:MetadataDate=2013:01:01 01:01:01', '2013-01-01T01:01:01Z metadataModified'],
  ] as const;

  test.each(sources.map(([, expected], index) => [expected, index] as const))(
    'is %s',
    async (expected, index) => {
      const tags = sources.slice(index).map(([tag]) => tag);
      expect(await dateOf(await taggedPicture(folder, tags))).toBe(expected);
    },
  );

  test.each([
    zeros,
    '    :  :     :  :  ',
    '',
    '2031:01:01 00:00:00',
    '1825:12:31 00:00:00',
    '2021:02:30 01:01:01',
  ])('is not %j', async (unset) => {
    const path = await taggedPicture(folder, [
      `EXIF:DateTimeOriginal=${unset}`,
      `EXIF:CreateDate=${unset}`,
      'IFD0:ModifyDate=2009:08:07 06:05:04',
    ]);
    expect(await dateOf(path)).toBe('2009-08-07T06:05:04Z metadataModified');
  });

  test.each([
    ['tiff:DateTime', '2004-12-24T10:11:12+01:00', '2004-12-24T09:11:12Z metadataModified'],
    ['dc:date', '2004-12-24T10:11:12+01:00', '2004-12-24T09:11:12Z xmpDigitized'],
    ['dc:date', '2004', '2004-01-01T00:00:00Z xmpDigitized'],
    ['xmp:MetadataDate', '2004-12-24T10:11:12Z', '2004-12-24T10:11:12Z metadataModified'],
  ])('is the only one in XMP: %s %s', async (name, value, expected) => {
    for (const format of ['jpeg', 'png'] as const) {
      expect(await dateOf(await pictureWithXmp(folder, { [name]: value }, format))).toBe(expected);
    }
  });

  test('is the first item of the list dc:date', async () => {
    const path = await taggedPicture(folder, ['XMP-dc:Date=2004:12:24 10:11:12', 'XMP-dc:Date=2009:01:01']);
    expect(await dateOf(path)).toBe('2004-12-24T10:11:12Z xmpDigitized');
  });

  test('is absent if the file has none', async () => {
    expect(await dateOf(await taggedPicture(folder, []))).toBeUndefined();
    const unset = ['DateTimeOriginal', 'CreateDate', 'ModifyDate'].map((tag) => `EXIF:${tag}=${zeros}`);
    expect(await dateOf(await taggedPicture(folder, unset))).toBeUndefined();
  });

  test.each([
    '2019:01:01 24:04:20',
    '2019/01/01 00:04:20',
    '2019: 1: 1  0: 4:20',
    'Tue Jan  1 00:04:20 2019',
    '2019-01-01-00-04-20',
    '2019_01_01_00_04_20',
    '2019,01,01,00,04,20',
    '2019:01:01 AM 00:04:20',
    '01/01/2019 00:04:20',
    '٢٠١٩:٠١:٠١ ٠٠:٠٤:٢٠',
  ])('is understood as a program wrote it: %s', async (date) => {
    const path = await taggedPicture(folder, [`EXIF:DateTimeOriginal=${date}`]);
    expect(await dateOf(path)).toBe('2019-01-01T00:04:20Z exifOriginal');
  });
});

describe('a date that is not exact', () => {
  test.each([
    ['2015', '2015-01-01T00:00:00Z xmpOriginal'],
    ['2015-06', '2015-06-01T00:00:00Z xmpOriginal'],
    ['2015-06-07', '2015-06-07T00:00:00Z xmpOriginal'],
  ])('%s is its first instant', async (date, expected) => {
    expect(await dateOf(await pictureWithXmp(folder, { 'photoshop:DateCreated': date }))).toBe(expected);
  });

  test.each(['2015:06:00 00:00:00', '2015:06:   :  :  '])('in EXIF: %s', async (date) => {
    const path = await taggedPicture(folder, [`EXIF:DateTimeOriginal=${date}`]);
    expect(await dateOf(path)).toBe('2015-06-01T00:00:00Z exifOriginal');
  });

  test('with ambiguous day and month in EXIF is the start of its year', async () => {
    const scanned = 'EXIF:DateTimeOriginal=05/04/1998 10:00:00';
    expect(await dateOf(await taggedPicture(folder, [scanned]))).toBe('1998-01-01T00:00:00Z exifOriginal');
    const path = await taggedPicture(folder, [scanned, 'XMP-xmp:CreateDate=1998:04:05 10:00:00']);
    expect(await dateOf(path)).toBe('1998-04-05T10:00:00Z xmpDigitized');
  });

  test('is replaced by a later source with a more exact date in it, and by no other', async () => {
    const path = await taggedPicture(folder, [
      'IPTC:DateCreated=1998:05:04',
      'XMP-xmp:CreateDate=2005:01:01 01:01:01',
      'IPTC:DigitalCreationDate=1998:05:04',
      'IPTC:DigitalCreationTime=13:14:15+02:00',
    ]);
    expect(await dateOf(path)).toBe('1998-05-04T11:14:15Z iptcDigitized');
    const changed = await taggedPicture(folder, [
      'IPTC:DateCreated=1998:05:04',
      'IFD0:ModifyDate=1998:05:04 20:00:00',
    ]);
    expect(await dateOf(changed)).toBe('1998-05-04T00:00:00Z iptcOriginal');
  });

  test('keeps its day if the time in another tag is invalid', async () => {
    const path = await taggedPicture(folder, ['IPTC:DateCreated=1998:05:04', 'IPTC:TimeCreated=99:99:99']);
    expect(await dateOf(path)).toBe('1998-05-04T00:00:00Z iptcOriginal');
  });
});

describe('the zone', () => {
  const taken = 'EXIF:DateTimeOriginal=2020:01:02 13:04:05';
  const gps = (day: string, time: string) => [`GPS:GPSDateStamp=${day}`, `GPS:GPSTimeStamp=${time}`];

  test.each<[string, string[], string]>([
    ['is UTC when the file says nothing', [], '2020-01-02T13:04:05Z'],
    ['is that of the date', ['OffsetTimeOriginal=+10:00', 'OffsetTime=+01:00'], '2020-01-02T03:04:05Z'],
    ['may be Z', ['OffsetTimeOriginal=Z', 'OffsetTime=+01:00'], '2020-01-02T13:04:05Z'],
    ['is not hidden by blanks', ['OffsetTimeOriginal=   :  ', 'OffsetTime=+01:00'], '2020-01-02T12:04:05Z'],
    ['is not hidden by nonsense', ['OffsetTimeOriginal=+25:00', 'OffsetTime=-05:00'], '2020-01-02T18:04:05Z'],
    [
      'is rather that of digitising than that of the last change',
      ['OffsetTimeDigitized=+02:00', 'OffsetTime=+01:00'],
      '2020-01-02T11:04:05Z',
    ],
    ['may be in the older tag', ['IFD0:TimeZoneOffset=-5'], '2020-01-02T18:04:05Z'],
    ['is the difference to GPS time', gps('2020:01:02', '03:03:59'), '2020-01-02T03:04:05Z'],
    ['may lie across midnight', gps('2020:01:03', '00:04:05'), '2020-01-03T00:04:05Z'],
    ['may be a quarter of an hour', gps('2020:01:02', '07:19:05'), '2020-01-02T07:19:05Z'],
    ['is not taken from a zone that does not exist', gps('2020:01:02', '12:49:05'), '2020-01-02T13:04:05Z'],
    ['is not told by a fix that is too old', gps('2020:01:02', '02:54:05'), '2020-01-02T13:04:05Z'],
    ['is not told by a fix of another day', gps('2019:12:30', '03:04:05'), '2020-01-02T13:04:05Z'],
    [
      'is not told by a GPS time of zero that fits no zone',
      gps('2020:01:02', '00:00:00'),
      '2020-01-02T13:04:05Z',
    ],
    ['is not told by a GPS date of zeros', gps('0000:00:00', '03:04:05'), '2020-01-02T13:04:05Z'],
    ['is not told by the first day of GPS time', gps('1980:01:06', '03:04:05'), '2020-01-02T13:04:05Z'],
    ['is not told by a GPS time without a date', ['GPS:GPSTimeStamp=03:04:05'], '2020-01-02T13:04:05Z'],
    ['may be told by a GPS date with dots', gps('02.01.2020', '03:04:05'), '2020-01-02T03:04:05Z'],
    [
      'is that of the camera rather than the difference to GPS time',
      ['OffsetTimeOriginal=+01:00', ...gps('2020:01:02', '03:04:05')],
      '2020-01-02T12:04:05Z',
    ],
    [
      'is the one in XMP beside the same reading of the clock',
      ['XMP-exif:DateTimeOriginal=2020:01:02 13:04:05+03:00'],
      '2020-01-02T10:04:05Z',
    ],
    [
      'is the one in XMP beside the same hour and minute without seconds',
      ['XMP-xmp:CreateDate=2020:01:02 13:04+02:00'],
      '2020-01-02T11:04:05Z',
    ],
    [
      'is not the one in XMP beside another minute',
      ['XMP-xmp:CreateDate=2020:01:02 13:05+02:00'],
      '2020-01-02T13:04:05Z',
    ],
    [
      'is not the one in XMP beside other seconds',
      ['XMP-xmp:CreateDate=2020:01:02 13:04:06+02:00'],
      '2020-01-02T13:04:05Z',
    ],
    [
      'is not the one in XMP beside another reading',
      ['XMP-xmp:ModifyDate=2020:02:02 13:04:05+03:00'],
      '2020-01-02T13:04:05Z',
    ],
  ])('%s', async (_, tags, expected) => {
    const path = await taggedPicture(folder, [taken, ...tags]);
    expect(await dateOf(path)).toBe(`${expected} exifOriginal`);
  });

  test.each([
    ['02:00:00', '00:00:00'],
    ['02:00:03', '00:00:00'],
    ['02:00:00', '00:00:03'],
  ])('is found at midnight UTC: %s and GPS %s', async (local, utc) => {
    const path = await taggedPicture(folder, [
      `EXIF:DateTimeOriginal=2004:12:24 ${local}`,
      ...gps('2004:12:24', utc),
    ]);
    expect(await dateOf(path)).toBe(`2004-12-24T00:00:${local.slice(-2)}Z exifOriginal`);
  });

  test('is that of XMP without seconds', async () => {
    const path = await taggedPicture(folder, [
      'EXIF:DateTimeOriginal=2004:12:24 12:11:12',
      'XMP-xmp:CreateDate=2004:12:24 12:11+02:00',
    ]);
    expect(await dateOf(path)).toBe('2004-12-24T10:11:12Z exifOriginal');
  });

  test('is in XMP and IPTC beside the time', async () => {
    const xmp = await pictureWithXmp(folder, { 'photoshop:DateCreated': '2024-02-21T10:14:22-05:30' });
    expect(await dateOf(xmp)).toBe('2024-02-21T15:44:22Z xmpOriginal');
    const iptc = await taggedPicture(folder, [
      'IPTC:DateCreated=1998:05:04',
      'IPTC:TimeCreated=13:14:15+02:00',
    ]);
    expect(await dateOf(iptc)).toBe('1998-05-04T11:14:15Z iptcOriginal');
  });

  test.each([
    ['Canon', 'Yes', '2020-01-02T18:04:05.000Z'],
    ['NIKON CORPORATION', 'No', '2020-01-02T18:04:05.000Z'],
    ['NIKON CORPORATION', 'Yes', '2020-01-02T17:04:05.000Z'],
  ])('is in the maker notes of %s, summer time %s', (make, summer, expected) => {
    const tags = {
      'EXIF:Make': make,
      'EXIF:DateTimeOriginal': '2020:01:02 13:04:05',
      'MakerNotes:TimeZone': '-05:00',
      'MakerNotes:DaylightSavings': summer,
    };
    expect(toMetadata(tags, now()).capturedAt?.toISOString()).toBe(expected);
  });
});

describe('a PNG', () => {
  const text = (keyword: string, value: string) =>
    pngChunk('tEXt', Buffer.from(`${keyword}\0${value}`, 'latin1'));
  const changed = Buffer.from([0x07, 0xd4, 12, 24, 10, 11, 12]);

  test.each([
    [text('Creation Time', 'Fri, 24 Dec 2004 10:11:12 +0100'), '2004-12-24T09:11:12Z container'],
    [text('Creation Time', '24 Dec 2004 10:11:12 GMT'), '2004-12-24T10:11:12Z container'],
    [text('Creation Time', '2004:12:24 10:11:12'), '2004-12-24T10:11:12Z container'],
    [text('Creation Time', '2004-12-24T10:11:12+01:00'), '2004-12-24T09:11:12Z container'],
    [text('Creation Time', 'Fri 24 Dec 2004 10:11:12 PM EST'), '2004-12-25T03:11:12Z container'],
    [text('date:create', '2004-12-24T10:11:12+01:00'), '2004-12-24T09:11:12Z container'],
    [text('exif:DateTimeOriginal', '2004:12:24 10:11:12'), '2004-12-24T10:11:12Z container'],
    [text('date:modify', '2004-12-24T10:11:12+01:00'), '2004-12-24T09:11:12Z metadataModified'],
    [text('exif:DateTimeDigitized', '2004:12:24 10:11:12'), '2004-12-24T10:11:12Z container'],
    [text('exif:DateTime', '2004:12:24 10:11:12'), '2004-12-24T10:11:12Z metadataModified'],
    [text('date:timestamp', '2004-12-24T10:11:12+00:00'), '2004-12-24T10:11:12Z metadataModified'],
    [text('tiff:timestamp', '2004:12:24 10:11:12'), '2004-12-24T10:11:12Z metadataModified'],
    [text('Date', '2004-12-24'), '2004-12-24T00:00:00Z container'],
    [text('date', '2004-12-24 10:11:12'), '2004-12-24T10:11:12Z container'],
    [text('DateTime', '2004:12:24 10:11:12'), '2004-12-24T10:11:12Z metadataModified'],
    [text('Date/Time', '2004:12:24 10:11:12'), '2004-12-24T10:11:12Z metadataModified'],
    [text('CreationTime', '2004:12:24 10:11:12'), '2004-12-24T10:11:12Z container'],
    [text('Creation-Time', '2004:12:24 10:11:12'), '2004-12-24T10:11:12Z container'],
    [text('creation_time', '2004:12:24 10:11:12'), '2004-12-24T10:11:12Z container'],
    [text('creation time', 'Fri, 24 Dec 2004 10:11:12 +0100'), '2004-12-24T09:11:12Z container'],
    [text('Creation Date', '2004-12-24T10:11:12Z'), '2004-12-24T10:11:12Z container'],
    [text('create-date', '2004-12-24T10:11:12Z'), '2004-12-24T10:11:12Z container'],
    [text('Created', '2004-12-24T10:11:12Z'), '2004-12-24T10:11:12Z container'],
    [text('Date Created', '2004-12-24T10:11:12Z'), '2004-12-24T10:11:12Z container'],
    [text('Date Taken', '2004-12-24T10:11:12Z'), '2004-12-24T10:11:12Z container'],
    [text('DateTimeOriginal', '2004:12:24 10:11:12'), '2004-12-24T10:11:12Z container'],
    [text('modify-date', '2004-12-24T10:11:12Z'), '2004-12-24T10:11:12Z metadataModified'],
    [text('Modification Time', '2004-12-24T10:11:12Z'), '2004-12-24T10:11:12Z metadataModified'],
    [text('Timestamp', '2004-12-24T10:11:12Z'), '2004-12-24T10:11:12Z metadataModified'],
    [text('exif:ExposureTime', '2004'), undefined],
    [text('Comment', '2004-12-24T10:11:12Z'), undefined],
    [pngChunk('tIME', changed), '2004-12-24T10:11:12Z metadataModified'],
    [text('Creation Time', '12/24/04'), undefined],
  ])('is dated by its chunks, before the pixels and after them (%#)', async (chunk, expected) => {
    for (const place of ['before', 'after'] as const) {
      const path = await taggedPicture(folder, [], 'png');
      addPngChunks(path, [chunk], place);
      expect(await dateOf(path)).toBe(expected);
    }
  });

  test('has the date of its creation, not of its change', async () => {
    const path = await taggedPicture(folder, [], 'png');
    addPngChunks(path, [pngChunk('tIME', changed), text('Creation Time', '2003:12:24 10:11:12')]);
    expect(await dateOf(path)).toBe('2003-12-24T10:11:12Z container');
  });
});

test('a PNG takes the zone of its EXIF date from the copied offset tag', async () => {
  const text = (keyword: string, value: string) => pngChunk('tEXt', Buffer.from(`${keyword}\0${value}`));
  const path = await taggedPicture(folder, [], 'png');
  addPngChunks(path, [
    text('exif:DateTimeOriginal', '2004:12:24 10:11:12'),
    text('exif:OffsetTimeOriginal', '+02:00'),
  ]);
  expect(await dateOf(path)).toBe('2004-12-24T08:11:12Z container');
});

describe('a GIF', () => {
  const pipeline = openPipeline();

  test.each([0, 1, 3])('has the date of the XMP after %i comments', async (comments) => {
    const picture = sharp({ create: { width: 80, height: 60, channels: 3, background: '#775533' } });
    const path = join(folder, `${crypto.randomUUID()}.gif`);
    const packet = xmpPacket({ 'xmp:CreateDate': '2004-12-24T10:11:12+01:00' });
    writeFileSync(path, gifWithXmp(await picture.gif().toBuffer(), comments, packet));
    // The type is told wrongly: the contents count.
    const { metadata } = await pipeline.process({ path, mimeType: 'image/jpeg' });
    expect(metadata.capturedAt?.toISOString()).toBe('2004-12-24T09:11:12.000Z');
    expect(metadata.capturedAtSource).toBe('xmpDigitized');
  });
});

describeWithField('reported files', () => {
  const names = ['exif-hour-24', 'only-other-dates', 'xmp-iptc-created'];
  const checks = names.flatMap((name) => fieldChecks(name).map((check) => ({ name, ...check })));

  test.each(checks)('$name/$file', async ({ name, file, capturedAt, capturedAtDay = capturedAt }) => {
    const date = (await dateOf(fieldFile(name, file)))?.split(' ')[0];
    expect(date?.slice(0, 10)).toBe(capturedAtDay?.slice(0, 10));
    if (capturedAt) expect(date).toBe(capturedAt.replace('.000Z', 'Z'));
  });
});
