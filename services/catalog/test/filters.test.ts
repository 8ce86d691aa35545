import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Photo, tagKey } from '@lazyphotos/contracts';
import { describeWithPostgres } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { type CatalogNode, startCatalog } from './harness.js';

const day = (number: number) => new Date(Date.UTC(2024, 0, number)).toISOString();

/** Changes of photos and albums, as other parts of the catalog make them. */
type Step =
  | { kind: 'tags'; photo: number; tags: string[] }
  | { kind: 'favorite' | 'archived'; photo: number; value: boolean }
  | { kind: 'taken'; photo: number; day: number }
  | { kind: 'trash' | 'restore' | 'purge'; photo: number }
  | { kind: 'add' | 'remove'; photo: number; album: number }
  | { kind: 'deleteAlbum'; album: number };

const PHOTOS = 8;
const photo = fc.nat(PHOTOS - 1);
const album = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('tags' as const),
      photo,
      tags: fc.subarray(['Sea', 'Straße', 'ΟΔΟΣ', 'x']),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('favorite' as const, 'archived' as const),
      photo,
      value: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('taken' as const), photo, day: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('trash' as const, 'restore' as const), photo }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('add' as const, 'remove' as const), photo, album }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('purge' as const), photo }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deleteAlbum' as const), album }) },
);

describeWithPostgres('the filters of the list', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog({ poolSize: 12 });
  });
  afterAll(() => node.stop());

  const setTags = (photoId: string | undefined, tags: string[]) =>
    node.pool.query('UPDATE photos SET tags = $2, tag_keys = $3 WHERE id = $1', [
      photoId,
      tags,
      tags.map(tagKey),
    ]);

  it('compare tags without case, in any form of Unicode', async () => {
    const user = node.user();
    const [one, two, three] = await user.addPhotos(3, (index) => ({ capturedAt: day(9 - index) }));
    await setTags(one, ['Été', 'Straße']);
    await setTags(two, ['ΟΔΟΣ']);
    await setTags(three, ['été']);
    const listed = (tag: string) => user.listedIds(`?tag=${encodeURIComponent(tag)}`);
    expect(await listed('éTÉ')).toEqual([one, three]);
    expect(await listed('e\u0301te\u0301 ')).toEqual([one, three]);
    expect(await listed('STRASSE')).toEqual([one]);
    expect(await listed('οδος')).toEqual([two]);
    expect(await listed('ete')).toEqual([]);
    expect((await user.call('/tags')).body).toMatchObject({
      tags: [
        { name: 'Straße', count: 1 },
        { name: 'Été', count: 2 },
        { name: 'ΟΔΟΣ', count: 1 },
      ],
      hasMore: false,
    });
  });

  it('refuse tags without keys', async () => {
    const id = await node.user().addPhoto();
    await expect(node.pool.query(`UPDATE photos SET tags = '{a}' WHERE id = $1`, [id])).rejects.toThrow(
      'photos_tag_keys_match',
    );
  });

  it('list tags in pages, and only those of photos that are shown', async () => {
    const user = node.user();
    const ids = await user.addPhotos(3);
    await setTags(ids[0], ['a', 'b', 'c', 'd']);
    await setTags(ids[1], ['B', 'e']);
    await setTags(ids[2], ['gone', 'b']);
    await setTags(await node.user().addPhoto(), ['foreign']);
    await user.trash(ids[2] ?? '');
    for (const limit of [1, 2, 100]) {
      const pages = await user.pages('/tags', limit);
      const tags = pages.flatMap((page) => page.tags);
      expect(tags.map((tag: { name: string }) => tagKey(tag.name))).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(tags[1].count).toBe(2);
    }
    expect((await user.call('/tags?cursor=x')).body.code).toBe('invalid_cursor');
  });

  it('leave both archived and other photos in the list unless asked', async () => {
    const user = node.user();
    const [kept, archived] = await user.addPhotos(2, (index) => ({ capturedAt: day(9 - index) }));
    await node.pool.query('UPDATE photos SET archived = true WHERE id = $1', [archived]);
    expect(await user.listedIds()).toEqual([kept, archived]);
    expect(await user.listedIds('?archived=true')).toEqual([archived]);
    expect(await user.listedIds('?archived=false')).toEqual([kept]);
  });

  it('sort by upload, in pages, and bound the time that they sort by', async () => {
    const user = node.user();
    const ids = await user.addPhotos(7, (index) => ({
      capturedAt: day(1 + index),
      uploadedAt: new Date(Date.UTC(2025, 0, 20 - Math.floor(index / 2))).toISOString(),
    }));
    for (const limit of [1, 2, 100]) {
      const pages = await user.pages('/photos?sort=uploadedAt', limit);
      const photos: Photo[] = pages.flatMap((page) => page.photos);
      const sorted = photos.toSorted(
        (a, b) => b.uploadedAt.localeCompare(a.uploadedAt) || b.id.localeCompare(a.id),
      );
      expect(photos.map(({ id }) => id)).toEqual(sorted.map(({ id }) => id));
      expect(new Set(photos.map(({ id }) => id))).toEqual(new Set(ids));
      expect(pages.at(-1)).toHaveProperty('feedCursor');
    }
    const uploaded = (number: number) => new Date(Date.UTC(2025, 0, number)).toISOString();
    const bounded = await user.listedIds(`?sort=uploadedAt&from=${uploaded(18)}&to=${uploaded(20)}`);
    expect(new Set(bounded)).toEqual(new Set(ids.slice(2, 6)));
    expect((await user.list('?sort=size')).status).toBe(400);
  });

  it('refuse a cursor of another order', async () => {
    const user = node.user();
    await user.addPhotos(3);
    const albumId = await user.addAlbum('A', { order: 'manual' });
    await user.addItems(albumId, await user.listedIds());
    const cursorOf = async (path: string) => (await user.call(`${path}limit=1`)).body.cursor;
    const paths = ['/photos?', '/photos?sort=uploadedAt&', `/albums/${albumId}/items?`];
    for (const from of paths)
      for (const path of paths) {
        const reply = await user.call(`${path}cursor=${await cursorOf(from)}`);
        if (from === path) expect(reply.status).toBe(200);
        else expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
      }
  });

  it('find the current state of photos during concurrent changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 }),
        async (groups) => {
          const user = node.user();
          const ids = await user.addPhotos(PHOTOS);
          const albums = [
            await user.addAlbum(),
            await user.addAlbum('B', { order: 'manual' }),
            await user.addAlbum(),
          ];
          const run = async (one: Step): Promise<unknown> => {
            const photoId = ('photo' in one ? ids[one.photo] : '') ?? '';
            const albumId = ('album' in one ? albums[one.album] : '') ?? '';
            const set = (column: string, value: unknown) =>
              node.pool.query(`UPDATE photos SET ${column} = $2 WHERE id = $1`, [photoId, value]);
            if (one.kind === 'tags') return setTags(photoId, one.tags);
            if (one.kind === 'taken') return set('sort_at', day(one.day));
            if (one.kind === 'favorite' || one.kind === 'archived') return set(one.kind, one.value);
            if (one.kind === 'deleteAlbum') return user.send('DELETE', `/albums/${albumId}`);
            if (one.kind === 'add') return user.addItems(albumId, [photoId]);
            if (one.kind === 'remove') return user.removeItem(albumId, photoId);
            return user[one.kind](photoId);
          };
          for (const group of groups) {
            for (const reply of await Promise.all(group.map(run)))
              expect((reply as { status?: number }).status ?? 200).toBeLessThan(500);
          }
          const { rows } = await node.pool.query(
            `WITH wanted AS (
               SELECT s.scope, k.key, p.id, p.is_deleted, p.favorite, p.archived, p.sort_at, p.uploaded_at
               FROM photos p CROSS JOIN unnest(p.tag_keys) AS k(key) CROSS JOIN LATERAL (
                 SELECT p.user_id AS scope UNION ALL SELECT album_id FROM album_items WHERE photo_id = p.id) AS s
             ), kept AS (
               SELECT scope, tag_key, photo_id, is_deleted, favorite, archived, sort_at, uploaded_at FROM photo_tags
             ), items AS (
               SELECT i.photo_id FROM album_items i JOIN photos p ON p.id = i.photo_id
               WHERE (i.is_deleted, i.favorite, i.archived, i.sort_at, i.uploaded_at)
                 IS DISTINCT FROM (p.is_deleted, p.favorite, p.archived, p.sort_at, p.uploaded_at)
             )
             SELECT 'missing' FROM (TABLE wanted EXCEPT TABLE kept) AS missing
             UNION ALL SELECT 'too much' FROM (TABLE kept EXCEPT TABLE wanted) AS extra
             UNION ALL SELECT 'item' FROM items`,
          );
          expect(rows).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });
});
