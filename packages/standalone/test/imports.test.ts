import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  describeWithPostgres,
  type HttpReply,
  http,
  ownSamplePhotos,
  type SamplePhoto,
  samplePhotos,
} from '@lazyphotos/testkit';
import { claim, createPhone, type Phone, password } from './support/api.js';
import { distinctPhotos } from './support/distinct-photos.js';
import {
  type Files,
  importEnded,
  reportOf,
  sendArchives,
  settledPhotos,
  sidecar,
  startImport,
  writeArchive,
} from './support/imports.js';
import { createNodeFolder, type NodeFolder, type NodeProcess } from './support/node-process.js';

const ROOT = 'Takeout/Google Photos';
const sample = (name: string): SamplePhoto => {
  const photo = ownSamplePhotos().all.find((one) => one.name === name);
  if (!photo) throw new Error(`no sample ${name}`);
  return photo;
};
/** Its EXIF has a time and a place in Sydney. */
const sydney = sample('good/jpeg/portrait-with-gps.jpg');
/** These say nothing of themselves. */
const beach = sample('good/jpeg/plain.jpg');
const receipt = sample('good/png/transparent.png');
const blurred = sample('good/webp/square.webp');
const clip = Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1'), Buffer.alloc(400)]);

const XMP = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmp:Rating="4" exif:DateTimeOriginal="2015-06-11T10:29:26Z">
<dc:subject><rdf:Bag><rdf:li>Sea</rdf:li></rdf:Bag></dc:subject>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">Dunes</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>`;

const collection = samplePhotos();
const whenShared = collection.source === 'shared' ? test : test.skip;

/** Files of the shared collection below a folder, at the same paths in an archive. */
async function sharedFiles(folder: string): Promise<Files> {
  const files = await Promise.all(
    collection
      .folder(folder)
      .map(async ({ name, path }): Promise<[string, Buffer]> => [name, await readFile(path)]),
  );
  return Object.fromEntries(files);
}

const point = (latitude: number, longitude: number) => ({ latitude, longitude, altitude: 0 });

/** An export in two parts. Photos, their JSON and an album are spread over both. */
async function exported(): Promise<[Files, Files]> {
  const [sydneyBytes, beachBytes] = await Promise.all([sydney, beach].map(({ path }) => readFile(path)));
  if (!sydneyBytes || !beachBytes) throw new Error('no samples');
  return [
    {
      'Takeout/archive_browser.html': Buffer.from('<html></html>'),
      [`${ROOT}/Photos from 2015/beach.jpg`]: beachBytes,
      [`${ROOT}/Photos from 2015/beach.jpg.supplemental-metadata.json`]: sidecar(
        'beach.jpg',
        '2015-07-01T10:00:00Z',
        {
          description: 'Sand &amp; sea',
          favorited: true,
          geoData: point(54.5, 11.1),
          geoDataExif: point(54.5, 11.1),
          people: [{ name: 'Anna' }, { name: 'Ben' }],
        },
      ),
      [`${ROOT}/Photos from 2024/IMG_1.jpg`]: sydneyBytes,
      [`${ROOT}/Photos from 2015/receipt.png`]: await readFile(receipt.path),
      [`${ROOT}/Photos from 2015/receipt.png.json`]: sidecar('receipt.png', '2015-08-01T10:00:00Z', {
        archived: true,
      }),
      [`${ROOT}/Summer/metadata.json`]: { title: 'Summer 2015', description: 'At the sea' },
      [`${ROOT}/Summer/beach.jpg`]: beachBytes,
    },
    {
      [`${ROOT}/Photos from 2024/IMG_1.jpg.json`]: sidecar('IMG_1.jpg', '2020-01-01T00:00:00Z', {
        geoData: point(48.2, 16.4),
        geoDataExif: point(sydney.expected?.GPSLatitude ?? 0, sydney.expected?.GPSLongitude ?? 0),
        photoLastModifiedTime: { timestamp: '1600000000' },
      }),
      [`${ROOT}/Summer/IMG_1.jpg`]: sydneyBytes,
      [`${ROOT}/Photos from 2015/blurred.webp`]: await readFile(blurred.path),
      [`${ROOT}/Photos from 2015/blurred.webp.json`]: sidecar('blurred.webp', '2015-09-01T10:00:00Z', {
        trashed: true,
      }),
      [`${ROOT}/Photos from 2015/clip.mp4`]: clip,
      [`${ROOT}/Photos from 2015/clip.mp4.json`]: sidecar('clip.mp4', '2015-07-02T10:00:00Z'),
      [`${ROOT}/Photos from 2015/empty.jpg`]: Buffer.alloc(0),
      [`${ROOT}/Photos from 2015/gone.jpg.json`]: sidecar('gone.jpg', '2015-07-03T10:00:00Z'),
    },
  ];
}

describeWithPostgres('a node that imports from Google Photos', () => {
  let folder: NodeFolder;
  let node: NodeProcess;
  let phone: Phone;
  let hashes: string[];
  let importId: string;

  /** All that a client can see of the library, without signed addresses, which are new each time. */
  const library = async () => {
    const replies = await Promise.all(
      ['/photos?limit=500', '/photos?limit=500&trashed=true', '/albums', '/tags'].map((path) =>
        phone.call(path),
      ),
    );
    return replies.map(({ status, body }) => ({ status, ...withoutAddresses(body) }));
  };
  const byHash = async ({ sha256 }: SamplePhoto): Promise<HttpReply['body']> =>
    (await settledPhotos(phone)).find(({ hash }) => hash === sha256);

  beforeAll(async () => {
    folder = await createNodeFolder();
    node = await folder.start({ LAZYPHOTOS_REGISTRATION: 'open' });
    phone = await claim(node.url, node.claimCode(), 'anna@example.org');
    const [first, second] = await exported();
    hashes = await sendArchives(phone, [
      await writeArchive(folder.path, 'takeout-001.zip', first),
      await writeArchive(folder.path, 'takeout-002.zip', second),
    ]);
  });
  afterAll(() => folder?.remove());

  test('every file of both parts is accounted for', async () => {
    importId = await startImport(phone, { source: 'takeout', hashes });
    expect(await importEnded(phone, importId)).toMatchObject({
      status: 'completed',
      total: 16,
      waiting: 0,
      imported: 4,
      duplicates: 2,
      failed: 1,
      unsupported: 1,
      sidecars: 6,
      ignored: 2,
      secondsLeft: 0,
      parts: [
        { name: 'takeout-001.zip', state: 'listed' },
        { name: 'takeout-002.zip', state: 'listed' },
      ],
      errors: [{ path: `${ROOT}/Photos from 2015/empty.jpg`, code: 'empty_file' }],
    });
  });

  test('a photo has the date, the place, the description and the people of its JSON', async () => {
    expect(await byHash(beach)).toMatchObject({
      fileName: 'beach.jpg',
      capturedAt: '2015-07-01T10:00:00.000Z',
      capturedAtSource: 'sidecar',
      locationLat: 54.5,
      locationLon: 11.1,
      description: 'Sand & sea',
      tags: ['Anna', 'Ben'],
      favorite: true,
      archived: false,
      isDeleted: false,
      processing: 'ready',
    });
    expect(await byHash(receipt)).toMatchObject({
      capturedAt: '2015-08-01T10:00:00.000Z',
      favorite: false,
      archived: true,
      processing: 'ready',
    });
  });

  test('the date of the camera goes before that of the JSON, a place set by hand before that of the camera', async () => {
    expect(await byHash(sydney)).toMatchObject({
      capturedAt: '2024-02-29T12:14:15.250Z',
      capturedAtSource: 'exifOriginal',
      locationLat: 48.2,
      locationLon: 16.4,
      cameraMake: 'LazyPhotos',
    });
  });

  test('what was in the trash is there again', async () => {
    const { body } = await phone.call('/photos?trashed=true');
    expect(body.photos.map(({ hash }: { hash: string }) => hash)).toEqual([blurred.sha256]);
    expect((await byHash(blurred)).isDeleted).toBe(true);
  });

  test('an album that is spread over two parts has the photos of both', async () => {
    const { body } = await phone.call('/albums');
    expect(body.albums).toMatchObject([{ name: 'Summer 2015', description: 'At the sea', itemCount: 2 }]);
    const items = await phone.call(`/albums/${body.albums[0].id}/items`);
    expect(items.body.items.map(({ hash }: { hash: string }) => hash).sort()).toEqual(
      [beach.sha256, sydney.sha256].sort(),
    );
  });

  test('the report says of each file what became of it, and where its date is from', async () => {
    const year = `${ROOT}/Photos from 2015`;
    const report = await reportOf(phone, importId);
    const { id } = await byHash(beach);
    expect(Object.keys(report)).toHaveLength(16);
    expect(report).toMatchObject({
      [`${year}/beach.jpg`]: {
        archive: 'takeout-001.zip',
        outcome: 'imported',
        photoId: id,
        sidecar: `${year}/beach.jpg.supplemental-metadata.json`,
        albums: [],
        capturedAt: '2015-07-01T10:00:00.000Z',
        dateSource: 'sidecar',
      },
      [`${ROOT}/Summer/beach.jpg`]: { outcome: 'duplicate', photoId: id, albums: ['Summer 2015'] },
      [`${ROOT}/Photos from 2024/IMG_1.jpg`]: {
        archive: 'takeout-001.zip',
        sidecar: `${ROOT}/Photos from 2024/IMG_1.jpg.json`,
        dateSource: 'exifOriginal',
      },
      [`${year}/clip.mp4`]: {
        archive: 'takeout-002.zip',
        outcome: 'unsupported',
        code: 'video',
        photoId: null,
      },
      [`${year}/clip.mp4.json`]: { outcome: 'sidecar' },
      [`${year}/empty.jpg`]: { outcome: 'failed', code: 'empty_file' },
      [`${year}/gone.jpg.json`]: { outcome: 'ignored', code: 'sidecar_without_photo' },
      'Takeout/archive_browser.html': { outcome: 'ignored', code: 'not_a_photo' },
    });
  });

  test('the report as CSV has the same rows', async () => {
    const { headers, text, status } = await phone.call(`/imports/${importId}/report?format=csv`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/csv/);
    const [header = '', ...lines] = text
      .replace(/^\uFEFF/, '')
      .trimEnd()
      .split('\r\n');
    expect(header).toMatch(/^path,archive,sizeBytes,outcome,code,/);
    const cells = lines.map((line) => line.split(','));
    const report = Object.values(await reportOf(phone, importId));
    expect(cells.map(([path, archive, , outcome]) => ({ path, archive, outcome }))).toEqual(
      report.map(({ path, archive, outcome }) => ({ path, archive, outcome })),
    );
  });

  test('a repeated import changes nothing, and adds nothing to the feed', async () => {
    const before = await library();
    const { cursor } = await phone.feed();
    const again = await startImport(phone, { source: 'takeout', hashes });
    expect(await importEnded(phone, again)).toMatchObject({
      status: 'completed',
      total: 16,
      imported: 0,
      duplicates: 6,
      failed: 1,
      unsupported: 1,
      sidecars: 6,
      ignored: 2,
    });
    // This photo's upload is behind everything that the import may have sent.
    const [marker] = await distinctPhotos(folder.path, 1);
    const { body } = await phone.upload(marker as SamplePhoto);
    await phone.processed(body.photoId);
    const { items } = await phone.feed(cursor);
    expect(new Set(items.map(({ data }) => data.id))).toEqual(new Set([body.photoId]));
    await phone.call(`/photos/${body.photoId}?permanent=true`, { method: 'DELETE' });
    expect(await library()).toEqual(before);
  });

  test('what was changed here stays as it is when the import is repeated', async () => {
    const { id } = await byHash(beach);
    const json = {
      description: 'Mine',
      favorite: false,
      capturedAt: '2016-01-01T00:00:00.000Z',
      locationLat: 1.5,
      locationLon: 2.5,
      removeTags: ['Ben'],
    };
    expect((await phone.call(`/photos/${id}/metadata`, { method: 'POST', json })).status).toBe(200);
    const restored = (await byHash(blurred)).id;
    await phone.call(`/photos/${restored}/restore`, { method: 'POST' });
    const deleted = (await byHash(receipt)).id;
    await phone.call(`/photos/${deleted}`, { method: 'DELETE' });
    const [album] = (await phone.call('/albums')).body.albums;
    await phone.call(`/albums/${album.id}`, { method: 'PUT', json: { name: 'Sea' } });
    await phone.call(`/albums/${album.id}/items/${id}`, { method: 'DELETE' });

    const before = await library();
    const again = await startImport(phone, { source: 'takeout', hashes });
    expect(await importEnded(phone, again)).toMatchObject({ status: 'completed', imported: 0 });
    const { removeTags, ...kept } = json;
    expect(await byHash(beach)).toMatchObject({ ...kept, tags: ['Anna'] });
    expect(await library()).toEqual(before);
  });

  describe('into another account', () => {
    let ben: Phone;

    /** Imports everything in one archive. Resolves to the import, and to the photos by the name of their file in it. */
    const importAll = async (source: 'takeout' | 'folder', files: Files) => {
      const [hash] = await sendArchives(ben, [await writeArchive(folder.path, `${source}.zip`, files)]);
      const id = await startImport(ben, { source, hash });
      const job = await importEnded(ben, id);
      const photos = new Map((await settledPhotos(ben)).map((photo) => [photo.id, photo]));
      const byName = Object.values(await reportOf(ben, id))
        .filter(({ photoId }) => photoId !== null)
        .map(({ path, photoId }) => [basename(path), photos.get(photoId)]);
      return { job, photos: Object.fromEntries(byName) };
    };

    beforeAll(async () => {
      const json = { email: 'ben@example.org', password };
      const { body } = await http(`${node.url}/auth/register`, { json });
      ben = createPhone(node.url, body.accessToken);
    });

    test('a plain ZIP brings photos with what their XMP files say', async () => {
      const { job, photos } = await importAll('folder', {
        'Holiday/plain.jpg': await readFile(beach.path),
        'Holiday/plain.xmp': Buffer.from(XMP),
      });
      expect(job).toMatchObject({ status: 'completed', imported: 1, sidecars: 1 });
      expect(photos['plain.jpg']).toMatchObject({
        capturedAt: '2015-06-11T10:29:26.000Z',
        capturedAtSource: 'sidecar',
        description: 'Dunes',
        rating: 4,
        tags: ['Sea'],
      });
    });

    whenShared('a real export with moved numbers: each photo gets its own date', async () => {
      const { job, photos } = await importAll('takeout', await sharedFiles('takeout/Takeout'));
      expect(job).toMatchObject({ status: 'completed', imported: 2, sidecars: 2, ignored: 0 });
      expect(photos['2015-02-04.jpg']).toMatchObject({
        capturedAt: '2015-02-04T18:18:55.000Z',
        capturedAtSource: 'sidecar',
      });
      expect(photos['2015-02-04(1).jpg']).toMatchObject({
        capturedAt: '2015-02-04T20:00:44.000Z',
        capturedAtSource: 'sidecar',
      });
    });

    whenShared('real photos with XMP and real copies: each content is one photo', async () => {
      const { job, photos } = await importAll('folder', {
        ...(await sharedFiles('sidecar')),
        ...(await sharedFiles('dupes')),
      });
      // Three photos with XMP, IMG_4120 three times, and its edited copy.
      expect(job).toMatchObject({ status: 'completed', imported: 5, duplicates: 2, failed: 0 });
      expect(photos['exifr__IMG_5910.jpg']).toMatchObject({
        description: 'Squirrel at berkely',
        rating: 3,
        tags: expect.arrayContaining(['Alvin the Squirrel', 'Berkley', 'USA']),
        capturedAtSource: 'exifOriginal',
      });
    });
  });
});

function withoutAddresses(value: HttpReply['body']): HttpReply['body'] {
  return JSON.parse(JSON.stringify(value), (key, member) =>
    ['thumbnails', 'cursor', 'feedCursor'].includes(key) ? undefined : member,
  );
}
