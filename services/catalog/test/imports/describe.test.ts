import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ImportedPhoto } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, waitForLocks } from '@lazyphotos/testkit';
import { imported, newUpload } from '../facts.js';
import { type CatalogNode, startCatalog } from '../harness.js';
import type { User } from '../user.js';

const date = { capturedAt: '2018-05-06T07:08:09.000Z', source: 'sidecar' } as const;

describeWithPostgres('a batch of imported photos', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  interface NewAlbum {
    id: string;
    name: string;
    description?: string;
  }
  const describePhotos = (user: User, photos: ImportedPhoto[], newAlbums: NewAlbum[] = []) =>
    node.service.api.describeImported({ userId: user.id, newAlbums, photos });

  it('resolves to the photos that the catalog does not know, without purged ones', async () => {
    const [user, other] = [node.user(), node.user()];
    const [own = '', purged = ''] = await user.addPhotos(2);
    const foreign = await other.addPhoto();
    await user.purge(purged);
    const never = newId();
    const favorite = { edits: { favorite: true } } as const;
    const ids = [never, own, foreign, purged];
    const { unknown } = await describePhotos(
      user,
      ids.map((id) => imported(id, favorite)),
    );
    expect(new Set(unknown)).toEqual(new Set([never, foreign]));
    expect((await user.photo(own)).body.favorite).toBe(true);
    expect((await other.photo(foreign)).body).toMatchObject({ favorite: false, version: 1 });
    // Once it has come, it is described like the others.
    await node.service.api.recordUpload(newUpload(user.id, { photoId: never }));
    expect(await describePhotos(user, [imported(never, favorite)])).toEqual({ unknown: [] });
    expect((await user.photo(never)).body.favorite).toBe(true);
  });

  it('that is repeated changes nothing and emits nothing', async () => {
    const user = node.user();
    const ids = await user.addPhotos(60);
    const albums = [newId(), newId(), newId()].map((id, index) => ({ id, name: `album ${index}` }));
    const photos = ids.map((id, index) =>
      imported(id, {
        date,
        location: { lat: 1, lon: 2 },
        edits: { description: `photo ${index}`, favorite: true, tags: ['Anna', `tag ${index % 5}`] },
        trashed: index % 4 === 0,
        albumIds: albums.filter((_, nth) => index % (nth + 1) === 0).map(({ id }) => id),
      }),
    );
    await describePhotos(user, photos, albums);
    const read = async () => [
      (await user.pages('/photos', 500)).flatMap(({ photos: page }) => page),
      (await user.pages('/photos?trashed=true', 500)).flatMap(({ photos: page }) => page),
      (await user.call('/albums')).body,
    ];
    const before = await read();
    const events = (await node.eventsOf(user.id)).length;
    const asked = (await node.relocationsOf(user.id)).length;
    expect(asked).toBe(60);
    await describePhotos(user, photos, albums);
    await describePhotos(user, [...photos].reverse(), albums);
    expect(await read()).toEqual(before);
    expect(await node.eventsOf(user.id)).toHaveLength(events);
    expect(await node.relocationsOf(user.id)).toHaveLength(asked);
  });

  it('takes a number of statements that does not depend on how many photos and albums there are', async () => {
    const user = node.user();
    const statementsFor = async (photoCount: number, albumCount: number) => {
      const ids = await user.addPhotos(photoCount);
      const albums = Array.from({ length: albumCount }, (_, index) => ({ id: newId(), name: `a ${index}` }));
      const photos = ids.map((id, index) =>
        imported(id, {
          date,
          location: { lat: 1, lon: 2 },
          edits: { favorite: true, tags: [`tag ${index}`] },
          trashed: index === 0,
          albumIds: albums.map((album) => album.id),
        }),
      );
      return node.statements.during(() => describePhotos(user, [...photos, imported(newId())], albums));
    };
    const few = await statementsFor(2, 2);
    const many = await statementsFor(40, 10);
    expect(many.map(({ text }) => text.slice(0, 60))).toEqual(few.map(({ text }) => text.slice(0, 60)));
  });

  it('is counted', async () => {
    const user = node.user();
    const [one = '', purged = ''] = await user.addPhotos(2);
    await user.purge(purged);
    const counted = async (outcome: string) => {
      const text = await node.metric('lazyphotos_imported_photos_described_total');
      return Number(new RegExp(`outcome="${outcome}"} (\\d+)`).exec(text)?.[1] ?? 0);
    };
    const outcomes = ['changed', 'unchanged', 'purged', 'unknown'];
    const all = () => Promise.all(outcomes.map(counted));
    const before = await all();
    const photos = [imported(one, { date }), imported(purged), imported(newId())];
    await describePhotos(user, photos);
    await describePhotos(user, photos);
    const after = await all();
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 1, 2, 2]);
  });

  describe('with photos of the trash', () => {
    it('moves them there as their owner does', async () => {
      const user = node.user();
      const [one = '', two = ''] = await user.addPhotos(2);
      const albumId = await user.addAlbum();
      await user.addItems(albumId, [one, two]);
      await describePhotos(user, [imported(one, { trashed: true, edits: { favorite: true } })]);
      expect((await user.photo(one)).body).toMatchObject({ isDeleted: true, favorite: true });
      expect(await user.listedIds()).toEqual([two]);
      expect(await user.itemIds(albumId)).toEqual([two]);
      expect((await user.album(albumId)).body.itemCount).toBe(1);
      const events = await node.eventsOf(user.id);
      expect(events.filter(({ type }) => type === 'photo.trashed')).toHaveLength(1);
      const removals = events.filter(
        ({ type, payload }) => type === 'album.changed' && payload.removed.includes(one),
      );
      expect(removals).toHaveLength(1);
      await user.restore(one);
      expect(new Set(await user.itemIds(albumId))).toEqual(new Set([one, two]));
    });

    it('moves them there once: what was restored stays', async () => {
      const user = node.user();
      const id = await user.addPhoto();
      await describePhotos(user, [imported(id, { trashed: true })]);
      await user.restore(id);
      const before = await node.eventsOf(user.id);
      await describePhotos(user, [imported(id, { trashed: true })]);
      expect((await user.photo(id)).body.isDeleted).toBe(false);
      expect(await node.eventsOf(user.id)).toEqual(before);
    });

    it('puts them into their albums, where they show when they come back', async () => {
      const user = node.user();
      const id = await user.addPhoto();
      const album = { id: newId(), name: 'Bin' };
      await describePhotos(user, [imported(id, { trashed: true, albumIds: [album.id] })], [album]);
      expect((await user.album(album.id)).body).toMatchObject({ itemCount: 0, version: 1 });
      await user.restore(id);
      expect(await user.itemIds(album.id)).toEqual([id]);
      expect((await user.album(album.id)).body).toMatchObject({ itemCount: 1, version: 2 });
    });
  });

  describe('with albums', () => {
    it('makes them with their ids, by date, and fills them', async () => {
      const user = node.user();
      const [one = '', two = ''] = await user.addPhotos(2);
      const albums = [
        { id: newId(), name: ' Lake\n2019 ', description: 'a week' },
        { id: newId(), name: '\0' },
      ];
      const [lake = '', nameless = ''] = albums.map(({ id }) => id);
      await describePhotos(
        user,
        [imported(one, { albumIds: [lake, nameless, lake] }), imported(two, { albumIds: [lake] })],
        albums,
      );
      expect((await user.album(lake)).body).toMatchObject({
        name: 'Lake 2019',
        description: 'a week',
        order: 'date',
        itemCount: 2,
        version: 2,
      });
      expect((await user.album(nameless)).body).toMatchObject({ name: 'Album', itemCount: 1 });
      const changes = (await node.eventsOf(user.id)).flatMap(({ type, payload }) =>
        type === 'album.changed' && payload.album.id === lake ? [payload] : [],
      );
      expect(changes).toMatchObject([
        { album: { version: 1 }, added: [], removed: [] },
        { album: { version: 2 }, added: [one, two], removed: [] },
      ]);
    });

    it('leaves those that are there, and fills them', async () => {
      const user = node.user();
      const photo = await user.addPhoto();
      const album = await user.addAlbum('Mine');
      await describePhotos(user, [imported(photo, { albumIds: [album] })], [{ id: album, name: 'Theirs' }]);
      expect((await user.album(album)).body).toMatchObject({ name: 'Mine', itemCount: 1 });
    });

    it('puts photos behind the others of an album that is arranged by hand, in the order of the batch', async () => {
      const user = node.user();
      const ids = await user.addPhotos(5);
      const [first = '', ...more] = ids;
      const albumId = await user.addAlbum('By hand', { order: 'manual' });
      await user.addItems(albumId, [first]);
      await describePhotos(
        user,
        [...more].reverse().map((id) => imported(id, { albumIds: [albumId] })),
      );
      expect(await user.itemIds(albumId)).toEqual([first, ...more.reverse()]);
    });

    it('leaves out those that were deleted or never made, and does not bring back a deleted one', async () => {
      const user = node.user();
      const photo = await user.addPhoto();
      const kept = { id: newId(), name: 'kept' };
      const deleted = { id: newId(), name: 'deleted' };
      const photos = [imported(photo, { albumIds: [newId(), deleted.id, kept.id] })];
      await describePhotos(user, photos, [deleted, kept]);
      await user.send('DELETE', `/albums/${deleted.id}`);
      const before = await node.eventsOf(user.id);
      expect(await describePhotos(user, photos, [deleted, kept])).toEqual({ unknown: [] });
      expect((await user.album(deleted.id)).status).toBe(404);
      expect(await user.itemIds(kept.id)).toEqual([photo]);
      expect(await node.eventsOf(user.id)).toEqual(before);
    });

    it('does not bring back one that is being deleted', async () => {
      const user = node.user();
      const albumId = await user.addAlbum();
      const client = await node.pool.connect();
      await client.query('BEGIN');
      // Holds the deletion up just before it commits.
      await client.query('LOCK TABLE outbox_messages IN SHARE MODE');
      const deleting = user.send('DELETE', `/albums/${albumId}`);
      await waitForLocks(node.pool, 1);
      const described = describePhotos(user, [], [{ id: albumId, name: 'again' }]);
      await waitForLocks(node.pool, 2);
      await client.query('COMMIT');
      client.release();
      expect((await deleting).status).toBe(204);
      await described;
      expect((await user.album(albumId)).status).toBe(404);
      expect((await node.eventsOf(user.id)).map(({ type }) => type)).toEqual([
        'album.changed',
        'album.deleted',
      ]);
    });

    it("touches no other user's", async () => {
      const [user, other] = [node.user(), node.user()];
      const photo = await user.addPhoto();
      const albumId = await other.addAlbum('Theirs');
      const before = (await other.album(albumId)).body;
      await describePhotos(user, [imported(photo, { albumIds: [albumId] })], [{ id: albumId, name: 'x' }]);
      expect((await other.album(albumId)).body).toEqual(before);
      expect((await user.album(albumId)).status).toBe(404);
    });
  });

  it('does not get in the way of another one, of the trash or of changes of albums', async () => {
    const user = node.user();
    const ids = await user.addPhotos(30);
    const albums = [newId(), newId(), newId()].map((id) => ({ id, name: 'at once' }));
    const photos = ids.map((id) =>
      imported(id, { edits: { favorite: true }, albumIds: albums.map(({ id: albumId }) => albumId) }),
    );
    const backwards = {
      photos: [...photos].reverse().map((photo) => ({ ...photo, albumIds: [...photo.albumIds].reverse() })),
      albums: [...albums].reverse(),
    };
    for (let round = 0; round < 5; round += 1) {
      const replies = await Promise.all([
        user.deleteAll(ids),
        user.restoreAll([...ids].reverse()),
        user.editAll(ids.map((id) => ({ id, rating: 3 }))),
        user.send('PUT', `/albums/${albums[0]?.id}`, { name: 'renamed' }),
        describePhotos(user, photos, albums),
        describePhotos(user, backwards.photos, backwards.albums),
      ]);
      for (const reply of replies)
        if ('status' in reply) expect([200, 404]).toContain(reply.status);
        else expect(reply).toEqual({ unknown: [] });
    }
    await user.restoreAll(ids);
    for (const { id } of albums) {
      expect(new Set(await user.itemIds(id))).toEqual(new Set(ids));
      expect((await user.album(id)).body.itemCount).toBe(ids.length);
    }
  });

  it('changes and trashes photos of an album at the same time as another one', async () => {
    const user = node.user();
    const ids = await user.addPhotos(2);
    const albumId = await user.addAlbum('shared');
    await user.addItems(albumId, ids);
    const client = await node.pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT id FROM albums WHERE id = $1 FOR NO KEY UPDATE', [albumId]);
    // Each has changed its photo twice before it waits for the album.
    const describing = ids.map((id) =>
      describePhotos(user, [imported(id, { edits: { favorite: true }, trashed: true })]),
    );
    await waitForLocks(node.pool, 2);
    await client.query('COMMIT');
    client.release();
    expect(await Promise.all(describing)).toEqual([{ unknown: [] }, { unknown: [] }]);
    expect((await user.album(albumId)).body.itemCount).toBe(0);
  });

  describe('is asked for its dates', () => {
    it("in one statement, without another user's", async () => {
      const [user, other] = [node.user(), node.user()];
      const [dated = '', undated = '', trashed = '', purged = ''] = await user.addPhotos(4, (index) =>
        index === 0 ? { capturedAt: date.capturedAt } : { fileName: 'scan.jpg' },
      );
      await user.trash(trashed);
      await user.purge(purged);
      const ids = [dated, undated, trashed, purged, await other.addPhoto(), newId()];
      const { photoDates } = node.service.api;
      let dates: Awaited<ReturnType<typeof photoDates>> = [];
      const statements = await node.statements.during(async () => {
        dates = await photoDates(user.id, ids);
      });
      expect(statements).toHaveLength(1);
      const pending = { processing: 'pending' };
      expect(new Map(dates.map((known) => [known.photoId, known]))).toEqual(
        new Map([
          [dated, { photoId: dated, capturedAt: date.capturedAt, capturedAtSource: 'client', ...pending }],
          [undated, { photoId: undated, ...pending }],
          [trashed, { photoId: trashed, ...pending }],
        ]),
      );
    });
  });
});
