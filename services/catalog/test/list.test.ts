import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Photo } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type CatalogNode, startCatalog } from './harness.js';

const day = (number: number) => new Date(Date.UTC(2024, 0, number)).toISOString();
const cursorOf = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url');

describeWithPostgres('the list of photos', () => {
  let node: CatalogNode;
  const feed = { heads: 0, down: false, onHead: async () => {} };
  beforeAll(async () => {
    node = await startCatalog({
      feed: {
        headCursor: async () => {
          if (feed.down) throw new Error('the feed is away');
          feed.heads += 1;
          await feed.onHead();
          return `head ${feed.heads}`;
        },
      },
    });
  });
  afterAll(() => node.stop());

  const idsOf = (pages: { photos: Photo[] }[]) =>
    pages.flatMap((page) => page.photos.map((photo) => photo.id));

  it('of a user without photos is empty, and says where the feed begins', async () => {
    const { status, body } = await node.user().list();
    expect(status).toBe(200);
    expect(body).toEqual({ photos: [], cursor: null, hasMore: false, feedCursor: `head ${feed.heads}` });
  });

  it('is ordered by capture time, newest first; a photo without one by its upload time', async () => {
    const user = node.user();
    const [second] = await user.addPhotos(1, () => ({ capturedAt: day(2) }));
    const [third] = await user.addPhotos(1, () => ({ uploadedAt: day(3) }));
    const [first] = await user.addPhotos(1, () => ({ capturedAt: day(1), uploadedAt: day(9) }));
    expect(await user.listedIds()).toEqual([third, second, first]);
    expect((await user.list()).body.photos[0]).toEqual((await user.photo(third ?? '')).body);
  });

  describe('shows each field as it is stored', () => {
    const odd = {
      fileName: '"Ünïcode" \\ {a,b} \u2028\u001f 👩‍👩‍👧.jpg',
      sizeBytes: Number.MAX_SAFE_INTEGER,
      capturedAt: '1843-05-01T12:34:56.789Z',
      capturedAtSource: 'sidecar',
      capturedAtOffset: -25,
      uploadedAt: '0001-01-01T00:00:00.001Z',
      updatedAt: '9999-12-31T23:59:59.999Z',
      width: 1,
      height: 1_000_000,
      locationLat: 52.516_266_812_345_67,
      locationLon: -0.000_000_123_456_789,
      altitude: -430.1,
      place: { city: 'São "Paulo"', country: "Côte d'Ivoire", countryCode: 'CI' },
      cameraMake: '',
      cameraModel: 'null',
      lensModel: 'NaN',
      fNumber: 0.95,
      exposureTime: 1 / 8000,
      iso: 2_147_483_647,
      focalLength: 1e-7,
      orientation: 8,
      description: 'line\none\ttwo',
      tags: ['{}', 'a,b', '"quoted"', "it's", '\\', 'NULL', '👍', ' '],
      favorite: true,
      rating: 5,
      archived: true,
      kind: 'motion',
      durationMs: 1,
      processing: 'ready',
      placeholder: 'AAAA',
      version: 2_147_483_647,
    };
    const store = (id: string, fields: Record<string, unknown>) => {
      const columns = Object.keys(fields).map((field) =>
        field.replaceAll(/[A-Z]/g, (l) => `_${l.toLowerCase()}`),
      );
      const set = columns.map((column, index) => `${column} = $${index + 2}`).join(', ');
      return node.pool.query(`UPDATE photos SET ${set} WHERE id = $1`, [id, ...Object.values(fields)]);
    };

    it('odd ones, in every list', async () => {
      const user = node.user();
      const id = await user.addPhoto();
      await store(id, { ...odd, tagKeys: odd.tags, sortAt: odd.capturedAt });
      const albumId = await user.addAlbum();
      await user.addItems(albumId, [id]);
      const { body: alone } = await user.photo(id);
      expect(alone).toMatchObject(odd);
      expect((await user.list()).body.photos).toEqual([alone]);
      expect((await user.list('?sort=uploadedAt&limit=500')).body.photos).toEqual([alone]);
      expect((await user.list(`?albumId=${albumId}`)).body.photos).toEqual([alone]);
      expect((await user.call(`/albums/${albumId}/items`)).body.items).toEqual([alone]);
    });

    it('those that are missing', async () => {
      const user = node.user();
      const id = await user.addPhoto();
      const { body: alone } = await user.photo(id);
      const { photos } = (await user.list()).body;
      expect(photos).toEqual([alone]);
      expect(photos[0]).toMatchObject({ tags: [], width: null, height: null });
      for (const field of ['capturedAt', 'deletedAt', 'place', 'rating', 'description'])
        expect(photos[0]).not.toHaveProperty(field);
    });

    it('those of a photo in the trash that could not be processed', async () => {
      const user = node.user();
      const id = await user.addPhoto();
      const failed = { processing: 'failed', failureCode: 'unreadable', failureReason: '"{}"' };
      await store(id, { ...failed, isDeleted: true, deletedAt: '2024-02-29T23:59:59.999Z' });
      expect((await user.list('?trashed=true')).body.photos).toMatchObject([
        {
          id,
          processingError: { code: 'unreadable', reason: '"{}"' },
          deletedAt: '2024-02-29T23:59:59.999Z',
          purgeAt: '2024-03-30T23:59:59.999Z',
        },
      ]);
    });

    it('with a cursor that goes on behind such a date', async () => {
      const user = node.user();
      const ids = await user.addPhotos(3);
      for (const [index, id] of ids.entries())
        await store(id, { sortAt: `1880-01-01T00:00:00.00${3 - index}Z` });
      expect(idsOf(await user.pages('/photos', 1))).toEqual(ids);
    });
  });

  it.each([1, 2, 3, 7, 100])(
    'comes in pages of %d, each photo once, also where many have the same date',
    async (limit) => {
      const user = node.user();
      const added = await user.addPhotos(20, (index) => ({ capturedAt: day(1 + Math.floor(index / 7)) }));
      const pages = await user.pages('/photos', limit);
      const ids = idsOf(pages);
      expect(new Set(ids)).toEqual(new Set(added));
      expect(ids).toHaveLength(20);
      expect(pages).toHaveLength(Math.ceil(20 / limit));
      const photos: Photo[] = pages.flatMap((page) => page.photos);
      const byDate = (a: Photo, b: Photo) =>
        (b.capturedAt ?? '').localeCompare(a.capturedAt ?? '') || b.id.localeCompare(a.id);
      expect(ids).toEqual(photos.toSorted(byDate).map((photo) => photo.id));
    },
  );

  it('continues where it was when photos come and go in between', async () => {
    const user = node.user();
    const ids = await user.addPhotos(6, (index) => ({ capturedAt: day(20 - index) }));
    const first = (await user.list('?limit=2')).body;
    await user.purge(ids[1] ?? '');
    await user.addPhoto({ capturedAt: day(30) });
    const rest = await user.listedIds(`?cursor=${first.cursor}`);
    expect(rest).toEqual(ids.slice(2));
  });

  it.each(['0', '501', '-1', '1.5', 'many', '1e2', ''])('refuses limit=%s', async (limit) => {
    const reply = await node.user().list(`?limit=${limit}`);
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(reply.body.errors[0].path).toBe('query.limit');
  });

  it('takes limits of 1 and 500', async () => {
    for (const limit of [1, 500]) expect((await node.user().list(`?limit=${limit}`)).status).toBe(200);
  });

  it.each([
    'nonsense',
    '%00',
    cursorOf({}),
    cursorOf({ at: 1, id: 'x' }),
    cursorOf({ at: 'now', id: newId() }),
    cursorOf({ at: 9e15, id: newId() }),
    cursorOf({ at: -9e15, id: newId() }),
    cursorOf({ at: -70_000_000_000_000, id: newId() }),
    'a'.repeat(501),
    `x&cursor=y`,
  ])('refuses a malformed cursor: case %#', async (cursor) => {
    const reply = await node.user().list(`?cursor=${cursor}`);
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  });

  it("shows nothing of another user for that user's cursor", async () => {
    const [owner, stranger] = [node.user(), node.user()];
    await owner.addPhotos(3);
    const { cursor } = (await owner.list('?limit=1')).body;
    expect((await stranger.list(`?cursor=${cursor}`)).body.photos).toEqual([]);
  });

  describe('can be asked for', () => {
    it('a time, from inclusive, to exclusive', async () => {
      const user = node.user();
      const ids = await user.addPhotos(5, (index) => ({ capturedAt: day(5 - index) }));
      expect(await user.listedIds(`?from=${day(2)}&to=${day(4)}`)).toEqual(ids.slice(2, 4));
      expect(await user.listedIds(`?from=${day(4)}`)).toEqual(ids.slice(0, 2));
      expect(await user.listedIds(`?to=${encodeURIComponent('2024-01-02T01:00:00+01:00')}`)).toEqual(
        ids.slice(4),
      );
      expect(await user.listedIds('?from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59-12:00')).toEqual(ids);
      expect((await user.list('?from=yesterday')).status).toBe(400);
    });

    it('a tag or favourites', async () => {
      const user = node.user();
      const [tagged, favorite, both, none] = await user.addPhotos(4, (index) => ({
        capturedAt: day(9 - index),
      }));
      await node.pool.query(
        `UPDATE photos SET tags = '{sea,sun}', tag_keys = '{sea,sun}' WHERE id = ANY($1)`,
        [[tagged, both]],
      );
      await node.pool.query('UPDATE photos SET favorite = true WHERE id = ANY($1)', [[favorite, both]]);
      expect(await user.listedIds('?tag=sea')).toEqual([tagged, both]);
      expect(await user.listedIds('?tag=se')).toEqual([]);
      expect(await user.listedIds('?favorite=true')).toEqual([favorite, both]);
      expect(await user.listedIds('?favorite=false')).toEqual([tagged, none]);
      expect(await user.listedIds('?favorite=true&tag=sun')).toEqual([both]);
      expect((await user.list('?favorite=yes')).status).toBe(400);
    });

    it('the trash', async () => {
      const user = node.user();
      const [kept, trashed] = await user.addPhotos(2);
      await user.trash(trashed ?? '');
      expect(await user.listedIds()).toEqual([kept]);
      expect(await user.listedIds('?trashed=false')).toEqual([kept]);
      expect(await user.listedIds('?trashed=true')).toEqual([trashed]);
    });

    it('an album, in pages', async () => {
      const user = node.user();
      const ids = await user.addPhotos(5, (index) => ({ capturedAt: day(9 - index) }));
      const albumId = await user.addAlbum();
      await user.addItems(
        albumId,
        [ids[4], ids[0], ids[2]].filter((id) => id !== undefined),
      );
      await user.trash(ids[2] ?? '');
      expect(idsOf(await user.pages(`/photos?albumId=${albumId}`, 1))).toEqual([ids[0], ids[4]]);
      expect(await user.listedIds(`?albumId=${albumId}&trashed=true`)).toEqual([ids[2]]);
      expect((await user.list(`?albumId=${newId()}`)).status).toBe(404);
    });
  });

  describe('hands over to the feed', () => {
    it('on its last page only, from where the feed stood before the first page was read', async () => {
      const user = node.user();
      await user.addPhotos(3);
      const before = feed.heads;
      const pages = await user.pages('/photos', 1);
      expect(pages.map((page) => page.feedCursor)).toEqual([undefined, undefined, `head ${before + 1}`]);
      expect(feed.heads).toBe(before + 1);
    });

    it('so that a photo which comes while the list is read is in the feed behind it', async () => {
      const user = node.user();
      // Comes after the feed was asked, before the rows are read: it may be in both, never in neither.
      let late = '';
      feed.onHead = async () => {
        late = await user.addPhoto();
      };
      const { body } = await user.list();
      feed.onHead = async () => {};
      expect(body.photos.map((photo: Photo) => photo.id)).toEqual([late]);
      expect(body.feedCursor).toBe(`head ${feed.heads}`);
    });

    it('and works without it', async () => {
      const user = node.user();
      const ids = await user.addPhotos(3);
      feed.down = true;
      const pages = await user.pages('/photos', 2);
      feed.down = false;
      expect(new Set(idsOf(pages))).toEqual(new Set(ids));
      for (const page of pages) expect(page).not.toHaveProperty('feedCursor');
    });
  });
});
