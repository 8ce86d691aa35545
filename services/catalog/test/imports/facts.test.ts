import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ImportedPhoto } from '@lazyphotos/contracts';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { eventOf, imported, newUpload, readyResult, type Upload } from '../facts.js';
import { type CatalogNode, DAY_MS, startCatalog } from '../harness.js';

const SIDECAR = '2018-05-06T07:08:09.000Z';
const EARLIER = '2017-01-01T00:00:00.000Z';
const FILE = '2020-02-02T02:02:02.000Z';
const PLACE = { lat: 48.2, lon: 16.4 };

describeWithPostgres('the facts of an import about a photo', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  /** A photo of a new user, and what can be done with it. */
  const photoOf = async (more: Partial<Upload> = {}) => {
    const user = node.user();
    const upload = newUpload(user.id, { fileName: 'scan.jpg', ...more });
    await node.service.api.recordUpload(upload);
    const id = upload.photoId;
    let run = 0;
    return {
      id,
      user,
      upload,
      describe: async (facts: Partial<ImportedPhoto>) => {
        const request = { userId: user.id, newAlbums: [], photos: [imported(id, facts)] };
        expect(await node.service.api.describeImported(request)).toEqual({ unknown: [] });
      },
      processed: (found: Parameters<typeof readyResult>[1]) => {
        run += 1;
        return node.deliver(eventOf('media.processed', readyResult(upload, { run, ...found })));
      },
      edit: async (patch: object) => expect((await user.edit(id, patch)).status).toBe(200),
      body: async () => (await user.photo(id)).body,
      date: async () => {
        const { capturedAt, capturedAtSource, capturedAtOffset } = (await user.photo(id)).body;
        return [capturedAt, capturedAtSource, capturedAtOffset];
      },
    };
  };

  describe('its date', () => {
    const sidecar = { date: { capturedAt: SIDECAR, source: 'sidecar' } } as const;

    it('is taken where there is none, without a zone, and orders lists and the feed', async () => {
      const photo = await photoOf();
      const newer = await photo.user.addPhoto({ capturedAt: FILE });
      await photo.describe(sidecar);
      expect(await photo.date()).toEqual([SIDECAR, 'sidecar', undefined]);
      expect(await photo.user.listedIds()).toEqual([newer, photo.id]);
      const events = await node.eventsOf(photo.user.id);
      expect(events.at(-1)).toMatchObject({
        type: 'photo.changed',
        payload: { photo: { id: photo.id, capturedAt: SIDECAR, capturedAtSource: 'sidecar', version: 2 } },
      });
    });

    it.each(['exifDigitized', 'gps', 'container', 'metadataModified'] as const)(
      'in a sidecar is more believable than %s of the file, in either order and in later runs',
      async (capturedAtSource) => {
        const found = { capturedAt: FILE, capturedAtSource, capturedAtOffset: 60 };
        const [before, after] = [await photoOf(), await photoOf()];
        await before.processed(found);
        await before.describe(sidecar);
        await after.describe(sidecar);
        await after.processed(found);
        await after.processed(found);
        for (const photo of [before, after])
          expect(await photo.date()).toEqual([SIDECAR, 'sidecar', undefined]);
      },
    );

    it.each(['exifOriginal', 'xmpOriginal', 'iptcOriginal'] as const)(
      'in a sidecar is less believable than %s of the file, in either order',
      async (capturedAtSource) => {
        const found = { capturedAt: FILE, capturedAtSource, capturedAtOffset: 60 };
        const [before, after] = [await photoOf(), await photoOf()];
        await before.processed(found);
        await before.describe(sidecar);
        await after.describe(sidecar);
        await after.processed(found);
        for (const photo of [before, after]) expect(await photo.date()).toEqual([FILE, capturedAtSource, 60]);
      },
    );

    it('in a sidecar comes back when a later run finds only less believable ones', async () => {
      const announced = { capturedAt: SIDECAR, capturedAtSource: 'sidecar' as const };
      const [described, uploaded] = [await photoOf(), await photoOf(announced)];
      await described.processed({ capturedAt: FILE, capturedAtSource: 'exifOriginal' });
      await described.describe(sidecar);
      await uploaded.processed({ capturedAt: FILE, capturedAtSource: 'exifOriginal' });
      for (const photo of [described, uploaded]) {
        expect(await photo.date()).toEqual([FILE, 'exifOriginal', undefined]);
        await photo.processed({ capturedAt: EARLIER, capturedAtSource: 'gps' });
        expect(await photo.date()).toEqual([SIDECAR, 'sidecar', undefined]);
      }
    });

    it('in a sidecar stays when the file was processed before it was recorded', async () => {
      const user = node.user();
      const upload = newUpload(user.id, { capturedAt: SIDECAR, capturedAtSource: 'sidecar' });
      const found = { capturedAt: FILE, capturedAtSource: 'gps' as const };
      await node.deliver(eventOf('media.processed', readyResult(upload, found)));
      await node.service.api.recordUpload(upload);
      expect((await user.photo(upload.photoId)).body).toMatchObject({
        capturedAt: SIDECAR,
        capturedAtSource: 'sidecar',
      });
    });

    it.each<[string, Partial<Upload>, ImportedPhoto['date'], [string, string]]>([
      [
        'is taken before what the client announced',
        { capturedAt: FILE },
        { capturedAt: SIDECAR, source: 'sidecar' },
        [SIDECAR, 'sidecar'],
      ],
      [
        'does not replace a more believable one',
        { capturedAt: FILE },
        { capturedAt: SIDECAR, source: 'folderYear' },
        [FILE, 'client'],
      ],
      [
        'is the year of the folder before it is the time of modification',
        { capturedAt: FILE, capturedAtSource: 'fileModified' },
        { capturedAt: EARLIER, source: 'folderYear' },
        [EARLIER, 'folderYear'],
      ],
      [
        'is the earlier one of two from the same source',
        { capturedAt: FILE },
        { capturedAt: EARLIER, source: 'client' },
        [EARLIER, 'client'],
      ],
      [
        'stays the earlier one of two from the same source',
        { capturedAt: EARLIER },
        { capturedAt: FILE, source: 'client' },
        [EARLIER, 'client'],
      ],
      [
        'is not taken where no calendar of this system has it',
        { capturedAt: FILE },
        { capturedAt: '0000-01-01T00:00:00Z', source: 'sidecar' },
        [FILE, 'client'],
      ],
    ])('%s', async (_name, upload, date, expected) => {
      const photo = await photoOf(upload);
      await photo.describe({ date });
      expect((await photo.date()).slice(0, 2)).toEqual(expected);
    });

    it('is the earlier one of two sidecars, in either order, also when the file is processed later', async () => {
      const dates = [SIDECAR, EARLIER].map((capturedAt) => ({ capturedAt, source: 'sidecar' as const }));
      for (const order of [dates, [...dates].reverse()]) {
        const photo = await photoOf();
        for (const date of order) await photo.describe({ date });
        await photo.processed({ capturedAt: FILE, capturedAtSource: 'gps' });
        expect(await photo.date()).toEqual([EARLIER, 'sidecar', undefined]);
      }
    });

    it('leaves the one that the user has set', async () => {
      const photo = await photoOf();
      await photo.edit({ capturedAt: FILE, updatedAt: '1999-01-01T00:00:00Z' });
      await photo.describe(sidecar);
      await photo.processed({ capturedAt: EARLIER, capturedAtSource: 'gps' });
      expect(await photo.date()).toEqual([FILE, 'user', undefined]);
    });

    it('leaves one whose source is unknown', async () => {
      const photo = await photoOf({ capturedAt: FILE });
      await node.pool.query('UPDATE photos SET captured_at_source = NULL WHERE id = $1', [photo.id]);
      await photo.describe(sidecar);
      expect(await photo.date()).toEqual([FILE, undefined, undefined]);
    });

    it.each<[string, Partial<Upload>, [string, string]]>([
      [
        'in a sidecar is preferred to the name',
        { capturedAt: SIDECAR, capturedAtSource: 'sidecar', fileName: 'IMG_20190714_101112.jpg' },
        [SIDECAR, 'sidecar'],
      ],
      [
        'of the year of a folder comes after the name',
        { capturedAt: EARLIER, capturedAtSource: 'folderYear', fileName: 'IMG_20190714_101112.jpg' },
        ['2019-07-14T10:11:12.000Z', 'fileName'],
      ],
      [
        'of the year of a folder says nothing of the time of day in a name without one',
        {
          capturedAt: '2019-07-14T18:00:00.000Z',
          capturedAtSource: 'folderYear',
          fileName: 'IMG-20190714-WA0007.jpg',
        },
        ['2019-07-14T00:00:00.000Z', 'fileName'],
      ],
      [
        'of the year of a folder is taken where the name says none',
        { capturedAt: EARLIER, capturedAtSource: 'folderYear' },
        [EARLIER, 'folderYear'],
      ],
    ])('that is announced with the upload %s', async (_name, upload, expected) => {
      const photo = await photoOf(upload);
      expect((await photo.date()).slice(0, 2)).toEqual(expected);
    });
  });

  describe('its location', () => {
    const located = { locationLat: PLACE.lat, locationLon: PLACE.lon };

    it('is taken where there is none, and its place is asked for', async () => {
      const photo = await photoOf();
      await photo.describe({ location: PLACE });
      expect(await photo.body()).toMatchObject(located);
      expect(await node.relocationsOf(photo.user.id)).toEqual([
        { photoId: photo.id, userId: photo.user.id, version: 2, ...located },
      ]);
      const { id: photoId } = photo;
      const place = { city: 'Vienna', country: 'Austria', countryCode: 'AT' };
      await node.deliver(eventOf('place.found', { photoId, userId: photo.user.id, ...located, place }));
      // A result that finds no location takes neither away.
      await photo.processed({});
      expect(await photo.body()).toMatchObject({ ...located, place });
    });

    it('leaves one that is there, and one that the user has removed', async () => {
      const announced = await photoOf({ locationLat: 1, locationLon: 2 });
      await announced.describe({ location: PLACE });
      expect(await announced.body()).toMatchObject({ locationLat: 1, locationLon: 2 });
      const removed = await photoOf({ locationLat: 1, locationLon: 2 });
      await removed.edit({ locationLat: null, locationLon: null });
      await removed.describe({ location: PLACE });
      expect(await removed.body()).not.toHaveProperty('locationLat');
    });

    it("is replaced by the file's, and does not replace it", async () => {
      const found = { locationLat: 50, locationLon: 8, altitude: 100, place: { city: 'Mainz' } };
      const [before, after] = [await photoOf(), await photoOf()];
      await before.processed(found);
      await before.describe({ location: PLACE });
      await after.describe({ location: PLACE });
      await after.processed(found);
      for (const photo of [before, after]) expect(await photo.body()).toMatchObject(found);
    });

    it("replaces the file's where a user set it, in either order", async () => {
      const found = { locationLat: 50, locationLon: 8, altitude: 100, place: { city: 'Mainz' } };
      const [before, after] = [await photoOf(), await photoOf()];
      await before.processed(found);
      await before.describe({ edits: { location: PLACE } });
      await after.describe({ edits: { location: PLACE } });
      await after.processed(found);
      for (const photo of [before, after]) {
        const body = await photo.body();
        expect(body).toMatchObject(located);
        expect(body).not.toHaveProperty('altitude');
        expect(body).not.toHaveProperty('place');
        for (const question of await node.relocationsOf(photo.user.id))
          expect(question).toMatchObject(located);
        expect(await node.relocationsOf(photo.user.id)).not.toEqual([]);
      }
    });

    it.each([
      ['has none', { place: { city: 'Vienna' } }],
      ['has another one', { locationLat: 50, locationLon: 8, place: { city: 'Mainz' } }],
    ])('that was announced and also set gets its place when the file %s', async (_name, found) => {
      const [before, after] = [await photoOf(located), await photoOf(located)];
      await before.processed(found);
      await before.describe({ location: PLACE, edits: { location: PLACE } });
      await after.describe({ location: PLACE, edits: { location: PLACE } });
      await after.processed(found);
      const place = { city: 'Vienna' };
      for (const photo of [before, after]) {
        for (const { version: _version, ...question } of await node.relocationsOf(photo.user.id))
          await node.deliver(eventOf('place.found', { ...question, place }));
        expect(await photo.body()).toMatchObject({ ...located, place });
      }
    });
  });

  describe('what people set there', () => {
    const edits: ImportedPhoto['edits'] = {
      description: 'by the lake',
      favorite: true,
      archived: true,
      rating: 4,
      location: PLACE,
      tags: ['Anna', 'Bert'],
    };
    const shown = {
      description: 'by the lake',
      favorite: true,
      archived: true,
      rating: 4,
      locationLat: PLACE.lat,
      locationLon: PLACE.lon,
      tags: ['Anna', 'Bert'],
    };
    const undone = {
      description: 'mine',
      favorite: false,
      archived: false,
      rating: null,
      locationLat: null,
      locationLon: null,
      removeTags: ['anna', 'bert'],
    };

    it('is taken over', async () => {
      const photo = await photoOf();
      await photo.describe({ edits: { ...edits, at: '2024-01-01T00:00:00Z' } });
      expect(await photo.body()).toMatchObject(shown);
    });

    it("replaces the file's rating in either order, but not the user's", async () => {
      const [before, after] = [await photoOf(), await photoOf()];
      await before.processed({ rating: 2 });
      await before.describe({ edits: { rating: 4 } });
      await after.describe({ edits: { rating: 4 } });
      await after.processed({ rating: 2 });
      for (const photo of [before, after]) {
        expect(await photo.body()).toMatchObject({ rating: 4 });
        await photo.edit({ rating: 1 });
        await photo.describe({ edits: { rating: 4 } });
        expect(await photo.body()).toMatchObject({ rating: 1 });
      }
    });

    it.each([undefined, '1950-01-01T00:00:00Z', '1999-01-01T00:00:00Z'])(
      'is older than any edit here if it has no time: even one of %s',
      async (updatedAt) => {
        const photo = await photoOf();
        await photo.describe({ edits });
        await photo.edit({ ...undone, updatedAt });
        const { description, favorite, archived, tags, ...rest } = await photo.body();
        expect({ description, favorite, archived, tags }).toEqual({
          description: 'mine',
          favorite: false,
          archived: false,
          tags: [],
        });
        expect(rest).not.toHaveProperty('rating');
        expect(rest).not.toHaveProperty('locationLat');
        await photo.describe({ edits });
        expect(await photo.body()).toEqual({ description, favorite, archived, tags, ...rest });
      },
    );

    it('wins over an older edit here, and loses to a newer one', async () => {
      const photo = await photoOf();
      await photo.edit({ description: 'old', favorite: false, updatedAt: '2023-01-01T00:00:00Z' });
      await photo.edit({ rating: 1, removeTags: ['Anna'], updatedAt: '2025-01-01T00:00:00Z' });
      await photo.describe({ edits: { ...edits, at: '2024-01-01T00:00:00Z' } });
      expect(await photo.body()).toMatchObject({
        description: 'by the lake',
        favorite: true,
        rating: 1,
        tags: ['Bert'],
      });
    });

    it('with a time in the future is older than any edit, however often it is repeated', async () => {
      const photo = await photoOf();
      const at = new Date(Date.now() + 400 * DAY_MS).toISOString();
      await photo.describe({ edits: { ...edits, at } });
      await photo.edit(undone);
      const before = await photo.body();
      await photo.describe({ edits: { ...edits, at } });
      expect(await photo.body()).toEqual(before);
    });

    it('adds tags to those that are there, as many as fit, and the same ones again', async () => {
      const photo = await photoOf();
      const own = Array.from({ length: 97 }, (_, index) => `own ${index}`);
      await photo.edit({ addTags: own });
      const tags = ['OWN 1', 'one', 'two', 'ONE', 'three', 'four', 'five'];
      await photo.describe({ edits: { tags, favorite: true } });
      const before = await photo.body();
      expect(before.favorite).toBe(true);
      expect(before.tags).toHaveLength(100);
      expect(before.tags).toEqual(expect.arrayContaining([...own, 'one', 'two', 'three']));
      await photo.describe({ edits: { tags, favorite: true } });
      expect(await photo.body()).toEqual(before);
    });

    it('adds no tags where the user has set all of them', async () => {
      const photo = await photoOf();
      await photo.edit({ tags: ['mine'], updatedAt: '2024-01-01T00:00:00Z' });
      await photo.describe({ edits: { tags: ['Anna'] } });
      expect(await photo.body()).toMatchObject({ tags: ['mine'] });
      await photo.describe({ edits: { tags: ['Anna'], at: '2025-01-01T00:00:00Z' } });
      expect(await photo.body()).toMatchObject({ tags: ['Anna', 'mine'] });
    });

    it('is made to fit: nothing that cannot be stored, nothing blank, nothing too long', async () => {
      const photo = await photoOf();
      await photo.describe({
        edits: {
          description: `a\0b\u0007c\nd ${'\u{1F600}'.repeat(10_000)}`,
          tags: [' Sea\n\tside ', ' ', '\0', 'x'.repeat(300), 'half \ud800'],
        },
      });
      const { description, tags } = await photo.body();
      expect([...description]).toHaveLength(10_000);
      expect(description).toMatch(/^abc\nd \u{1F600}+$/u);
      expect(new Set(tags)).toEqual(new Set(['Sea side', 'x'.repeat(100), 'half \ufffd']));
      const blank = await photoOf();
      await blank.describe({ edits: { description: ' \n' } });
      expect(await blank.body()).toMatchObject({ version: 1 });
    });
  });

  it('that is nothing changes nothing', async () => {
    const photo = await photoOf({ capturedAt: FILE });
    const before = await photo.body();
    await photo.describe({});
    await photo.describe({ edits: { at: '2024-01-01T00:00:00Z', tags: [] } });
    expect(await photo.body()).toEqual(before);
    expect(await node.eventsOf(photo.user.id)).toHaveLength(1);
  });

  it('is added in the trash, too, and shows when the photo comes back', async () => {
    const photo = await photoOf();
    await photo.user.trash(photo.id);
    await photo.describe({ edits: { favorite: true }, date: { capturedAt: SIDECAR, source: 'sidecar' } });
    expect(await photo.body()).toMatchObject({ favorite: true, isDeleted: true, capturedAt: SIDECAR });
    expect((await node.eventsOf(photo.user.id)).map(({ type }) => type)).toEqual([
      'photo.changed',
      'photo.trashed',
    ]);
    await photo.user.restore(photo.id);
    expect((await node.eventsOf(photo.user.id)).at(-1)).toMatchObject({
      payload: { photo: { favorite: true, capturedAt: SIDECAR } },
    });
  });

  it('is added twice when a photo is named twice', async () => {
    const photo = await photoOf();
    const photos = [
      imported(photo.id, { edits: { favorite: true } }),
      imported(photo.id, { edits: { rating: 3 } }),
    ];
    await node.service.api.describeImported({ userId: photo.user.id, newAlbums: [], photos });
    expect(await photo.body()).toMatchObject({ favorite: true, rating: 3, version: 2 });
  });
});
