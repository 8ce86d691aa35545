import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type PhotoFacts, readTakeoutJson, readXmp } from '../src/index.js';

const photo = (fields: object) =>
  readTakeoutJson(JSON.stringify({ title: 'a.jpg', photoTakenTime: {}, ...fields }));
const geo = (latitude: unknown, longitude: unknown) => ({
  latitude,
  longitude,
  altitude: 0,
  latitudeSpan: 0,
});

describe('rule 15: the fields of a photo', () => {
  test('all of them', () => {
    expect(
      readTakeoutJson(
        `\uFEFF${JSON.stringify({
          title: 'IMG_1.jpg',
          description: 'Tom &amp; Jerry&#39;s &lt;house&gt;\r\nsecond line',
          imageViews: '3',
          creationTime: { timestamp: '1453565514', formatted: 'Jan 23, 2016, 4:11:54 PM UTC' },
          photoLastModifiedTime: { timestamp: '1575946774' },
          photoTakenTime: { timestamp: '1449418710', formatted: 'Dec 6, 2015, 4:18:30 PM UTC' },
          geoData: geo(52.5, 13.4),
          geoDataExif: geo(52.5, 13.4),
          people: [{ name: 'Ada' }, { name: '' }, {}, 'x', { name: 'Grace Hopper' }],
          favorited: true,
          archived: true,
          trashed: true,
          googlePhotosOrigin: { fromPartnerSharing: {} },
        })}`,
      ),
    ).toEqual({
      kind: 'photo',
      title: 'IMG_1.jpg',
      description: "Tom & Jerry's <house>\nsecond line",
      takenAt: '2015-12-06T16:18:30.000Z',
      location: { lat: 52.5, lon: 13.4 },
      people: ['Ada', 'Grace Hopper'],
      favorite: true,
      archived: true,
      trashed: true,
      isFromPartner: true,
      editedAt: '2019-12-10T02:59:34.000Z',
    });
  });

  test.each([
    ['1449418710', '2015-12-06T16:18:30.000Z'],
    [1449418710, '2015-12-06T16:18:30.000Z'],
    ['-1577923200', '1920-01-01T00:00:00.000Z'],
    ['0', undefined],
    [0, undefined],
    ['', undefined],
    ['soon', undefined],
    [null, undefined],
    ['99999999999999', undefined],
    [{}, undefined],
  ])('the time %j', (timestamp, expected) => {
    expect(photo({ photoTakenTime: { timestamp } })).toEqual({
      kind: 'photo',
      title: 'a.jpg',
      ...(expected !== undefined && { takenAt: expected }),
    });
  });

  test('the last edit is the modification, or else the upload', () => {
    const times = {
      modificationTime: { timestamp: '1575946774' },
      creationTime: { timestamp: '1453565514' },
    };
    expect(photo(times)).toMatchObject({ editedAt: '2019-12-10T02:59:34.000Z' });
    expect(photo({ ...times, modificationTime: { timestamp: '0' } })).toMatchObject({
      editedAt: '2016-01-23T16:11:54.000Z',
    });
  });

  test.each<[string, object, Partial<PhotoFacts>]>([
    ['both the same', { geoData: geo(1, 2), geoDataExif: geo(1, 2) }, { location: { lat: 1, lon: 2 } }],
    [
      'some metres apart',
      { geoData: geo(1.0001, 2), geoDataExif: geo(1, 2) },
      { location: { lat: 1, lon: 2 } },
    ],
    [
      'moved by a person',
      { geoData: geo(1.1, 2), geoDataExif: geo(1, 2) },
      { location: { lat: 1.1, lon: 2 }, isLocationEdited: true },
    ],
    [
      'across the antimeridian',
      { geoData: geo(0, 179.9999), geoDataExif: geo(0, -179.9999) },
      { location: { lat: 0, lon: -179.9999 } },
    ],
    ['only in the file', { geoData: geo(0, 0), geoDataExif: geo(1, 2) }, { location: { lat: 1, lon: 2 } }],
    [
      'only in Google Photos',
      { geoData: geo(1, 2), geoDataExif: geo(0, 0) },
      { location: { lat: 1, lon: 2 } },
    ],
    ['as text', { geoData: geo('1.5', '-2.5') }, { location: { lat: 1.5, lon: -2.5 } }],
    ['on the equator', { geoData: geo(0, 2) }, { location: { lat: 0, lon: 2 } }],
    ['nowhere', { geoData: geo(0, 0), geoDataExif: geo(0, 0) }, {}],
    ['impossible', { geoData: geo(91, 2), geoDataExif: geo(1, -181) }, {}],
    ['half', { geoData: { latitude: 1 }, geoDataExif: null }, {}],
  ])('the location: %s', (_, fields, expected) => {
    expect(photo(fields)).toEqual({ kind: 'photo', title: 'a.jpg', ...expected });
  });

  test('texts are bounded and clean', () => {
    const facts = photo({ title: `${'🌻'.repeat(300)}\u0000`, description: `a\u0000b${'x'.repeat(20_000)}` });
    expect(facts?.kind === 'photo' && [...(facts.title ?? '')]).toHaveLength(255);
    expect(facts?.description).toHaveLength(10_000);
    expect(facts?.description?.startsWith('abx')).toBe(true);
    expect(photo({ description: '&amp;lt; &#0; &#x1F33B; &nothing;' })).toMatchObject({
      description: '&lt; &#0; 🌻 &nothing;',
    });
    expect(photo({ description: ' \n ' })).not.toHaveProperty('description');
  });

  test('a photo without its time is not an album', () => {
    expect(readTakeoutJson('{"title":"a.jpg","imageViews":"0"}')).toEqual({ kind: 'photo', title: 'a.jpg' });
  });
});

describe('rule 13: the JSON of an album', () => {
  test.each([
    [
      '{"title":"Berlin","description":"","access":"protected","date":{"timestamp":"0"}}',
      { title: 'Berlin' },
    ],
    ['{"title":""}', { title: '' }],
    ['{"title":"Caf&#233;","description":"a &amp; b"}', { title: 'Café', description: 'a & b' }],
    ['{"albumData":{"title":"iPhone","description":"","location":""}}', { title: 'iPhone' }],
    ['{"albumData":{}}', { title: '' }],
    [
      '{"title":"x","enrichments":[{"narrativeEnrichment":{"text":"Day 1"}},{"locationEnrichment":{"location":[{"name":"Rome"}]}},7]}',
      { title: 'x', description: 'Day 1\nRome' },
    ],
  ])('%s', (text, expected) => {
    expect(readTakeoutJson(text)).toEqual({ kind: 'album', ...expected });
  });

  test.each([
    '',
    '{',
    '[]',
    'null',
    '7',
    '"title"',
    '{}',
    '{"title":7}',
    '{"memoryTitles":["a"]}',
    '<html>',
    '[{"title":"a"}]',
  ])('%s is not facts', (text) => {
    expect(readTakeoutJson(text)).toBeUndefined();
  });
});

const RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"';
const NAMESPACES = [
  'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
  'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"',
  'xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmlns:digiKam="http://www.digikam.org/ns/1.0/"',
].join(' ');
const xmp = (attributes: string, elements = '') =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ${RDF}><rdf:Description rdf:about="" ${NAMESPACES} ${attributes}>${elements}</rdf:Description></rdf:RDF></x:xmpmeta>`;

describe('XMP', () => {
  test('attributes', () => {
    expect(
      readXmp(
        xmp(
          'exif:DateTimeOriginal="2015-06-11T10:29:26+02:00" exif:GPSLatitude="52,30.5N" exif:GPSLongitude="13,24,36W" xmp:Rating="4" xmp:MetadataDate="2019-01-13T19:39:07+01:00" xmp:ModifyDate="2020-01-01"',
        ),
      ),
    ).toEqual({
      kind: 'photo',
      takenAt: '2015-06-11T08:29:26.000Z',
      location: { lat: 52 + 30.5 / 60, lon: -(13 + 24 / 60 + 36 / 3600) },
      rating: 4,
      editedAt: '2019-01-13T18:39:07.000Z',
    });
  });

  test('elements, and other prefixes', () => {
    const text = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><m:xmpmeta xmlns:m="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <r:Description r:about=''><p:DateCreated xmlns:p='http://ns.adobe.com/photoshop/1.0/'>2015-06-11T10:29:26.69</p:DateCreated></r:Description>
      <r:Description r:about='' xmlns:d='http://purl.org/dc/elements/1.1/'>
        <d:description><r:Alt><r:li xml:lang='de'>Hund &amp; Katze</r:li><r:li xml:lang='x-default'>Dog &#38; cat</r:li></r:Alt></d:description>
        <d:subject><r:Bag><r:li>Ladybug</r:li><r:li><![CDATA[Red & black]]></r:li><r:li/></r:Bag></d:subject>
        <d:title><r:Alt><r:li xml:lang='x-default'>Not a file name.jpg</r:li></r:Alt></d:title>
      </r:Description></r:RDF></m:xmpmeta><?xpacket end="w"?>`;
    expect(readXmp(text)).toEqual({
      kind: 'photo',
      takenAt: '2015-06-11T10:29:26.690Z',
      description: 'Dog & cat',
      tags: ['Ladybug', 'Red & black'],
    });
  });

  test('hierarchical tags', () => {
    const bag = (name: string, ...values: string[]) =>
      `<${name}><rdf:Bag>${values.map((value) => `<rdf:li>${value}</rdf:li>`).join('')}</rdf:Bag></${name}>`;
    const elements = [
      bag('dc:subject', 'Berlin'),
      bag('lr:hierarchicalSubject', 'Places|Germany|Berlin', 'Animals|Dog'),
      bag('digiKam:TagsList', 'Events/Party'),
    ];
    expect(readXmp(xmp('', elements.join('')))).toEqual({ kind: 'photo', tags: ['Berlin', 'Dog', 'Party'] });
  });

  test.each([
    ['exif:DateTimeOriginal="2015" photoshop:DateCreated="2016"', '2015-01-01T00:00:00.000Z'],
    ['exif:DateTimeOriginal="never" photoshop:DateCreated="2016-05"', '2016-05-01T00:00:00.000Z'],
    ['xmp:CreateDate="2016-05-04T03:02Z"', '2016-05-04T03:02:00.000Z'],
    ['xmp:CreateDate="2016:05:04 03:02:01"', '2016-05-04T03:02:01.000Z'],
    ['xmp:CreateDate="2016-02-31T03:02:01"', undefined],
    ['xmp:CreateDate="0000-00-00T00:00:00"', undefined],
  ])('the time of %s', (attributes, takenAt) => {
    expect(readXmp(xmp(attributes))).toEqual({ kind: 'photo', ...(takenAt !== undefined && { takenAt }) });
  });

  test.each([
    ['exif:GPSLatitude="52.5" exif:GPSLongitude="-13.25"', { lat: 52.5, lon: -13.25 }],
    [
      'exif:GPSLatitude="52.5" exif:GPSLatitudeRef="S" exif:GPSLongitude="13.25" exif:GPSLongitudeRef="W"',
      { lat: -52.5, lon: -13.25 },
    ],
    ['exif:GPSLatitude="52,61N" exif:GPSLongitude="13,0E"', undefined],
    ['exif:GPSLatitude="91,0N" exif:GPSLongitude="13,0E"', undefined],
    ['exif:GPSLatitude="0,0N" exif:GPSLongitude="0,0E"', undefined],
    ['exif:GPSLatitude="52,30N"', undefined],
  ])('the location of %s', (attributes, location) => {
    expect(readXmp(xmp(attributes))).toEqual({ kind: 'photo', ...(location && { location }) });
  });

  test.each(['0', '-1', '6', '2.5', 'five', ''])('the rating %s is none', (rating) => {
    expect(readXmp(xmp(`xmp:Rating="${rating}"`))).toEqual({ kind: 'photo' });
  });

  test('declared entities are not resolved', () => {
    const lines = Array.from(
      { length: 20 },
      (_, index) => `<!ENTITY a${index + 1} "&a${index};&a${index};&a${index};">`,
    );
    const text = `<!DOCTYPE x [<!ENTITY a0 "aaaaaaaa"><!ENTITY f SYSTEM "file:///etc/passwd">${lines.join('')}]>`;
    const facts = readXmp(text + xmp('', '<dc:description>&a20; &f;</dc:description>'));
    expect(facts?.description ?? '').not.toMatch(/aaaa|root/);
  });

  test.each([
    '',
    'x',
    '<a/>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
    '{"title":"a"}',
    '<rdf:RDF><rdf:Description/></rdf:RDF>',
  ])('%s is not XMP', (text) => {
    expect(readXmp(text)).toBeUndefined();
  });

  test('elements in elements without end', () => {
    expect(readXmp('<a>'.repeat(100_000))).toBeUndefined();
    expect(readXmp(xmp('', '<dc:a>'.repeat(50_000) + '</dc:a>'.repeat(50_000)))).toBeUndefined();
  });
});

describe('any text', () => {
  const garbage = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.string({
      unit: fc.constantFrom(
        '<',
        '>',
        '/',
        '"',
        '=',
        'a',
        ':',
        '&',
        ';',
        '!',
        '[',
        ']',
        '?',
        '-',
        'rdf:RDF',
        'rdf:li',
        'xmlns:rdf=',
      ),
    }),
    fc
      .object()
      .map((fields) =>
        JSON.stringify({ title: 'a', photoTakenTime: fields, geoData: fields, people: [fields], ...fields }),
      ),
  );

  test('makes no reader throw', () => {
    fc.assert(
      fc.property(garbage, (text) => {
        readTakeoutJson(text);
        readXmp(text);
        readXmp(xmp(text, text));
      }),
      { numRuns: 1000 },
    );
  });

  test('damaged XMP makes no reader throw', () => {
    const whole = xmp('xmp:Rating="3"', '<dc:subject><rdf:Bag><rdf:li>a</rdf:li></rdf:Bag></dc:subject>');
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(whole.length), fc.string(), (start, end, text) => {
        readXmp(whole.slice(0, start) + text + whole.slice(end));
      }),
    );
  });
});

const shared = new URL('../../../../shared/photos/', import.meta.url);
const hasShared = existsSync(shared);
const readShared = (path: string): string => readFileSync(new URL(path, shared), 'utf8');

(hasShared ? describe : describe.skip)('real files', () => {
  test('JSON of Google Photos', () => {
    expect(readTakeoutJson(readShared('takeout/json/gphotos-1.json'))).toEqual({
      kind: 'photo',
      title: '23481593101_ef7d55f39d_o.jpg',
      description: 'hdrpl',
      takenAt: '2015-12-06T16:18:30.000Z',
      location: { lat: 52.508522222222226, lon: 13.443205555555556 },
      editedAt: '2019-12-10T02:59:34.000Z',
    });
    // Google's own place is 18 metres from that of the file.
    expect(readTakeoutJson(readShared('takeout/json/gphotos-2.json'))).toMatchObject({
      location: { lat: 52.510758333333335, lon: 13.456647222222221 },
    });
    expect(readTakeoutJson(readShared('takeout/json/gphotos-3.json'))).not.toHaveProperty('location');
    expect(readTakeoutJson(readShared('takeout/json/gphotos-album.json'))).toEqual({
      kind: 'album',
      title: 'iPhone',
    });
  });

  test('XMP of Lightroom, Photoshop and exiftool', () => {
    expect(readXmp(readShared('sidecar/exifr__IMG_5910.xmp'))).toEqual({
      kind: 'photo',
      takenAt: '2015-06-11T10:29:26.690Z',
      description: 'Squirrel at berkely',
      rating: 3,
      tags: ['Alvin the Squirrel', 'Berkley', 'USA'],
      editedAt: '2019-01-13T18:39:07.000Z',
    });
    expect(readXmp(readShared('sidecar/exifr__cookiezen.xmp'))).toEqual({ kind: 'photo' });
    expect(readXmp(readShared('sidecar/photoprism__ladybug.xmp'))).toMatchObject({
      rating: 1,
      tags: ['Ladybug'],
    });
  });
});
