import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Photo } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type CatalogNode, startCatalog } from './harness.js';

describeWithPostgres('the photos in an album', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  const changesOf = async (userId: string, albumId: string) =>
    (await node.eventsOf(userId))
      .filter((event) => event.type === 'album.changed')
      .map((event) => event.payload)
      .filter((payload) => payload.album.id === albumId)
      .sort((a, b) => a.album.version - b.album.version);

  it('come by photoId or photoIds, once', async () => {
    const user = node.user();
    const [one = '', two = '', three = ''] = await user.addPhotos(3);
    const albumId = await user.addAlbum();
    const path = `/albums/${albumId}/items`;
    expect((await user.send('POST', path, { photoId: one })).status).toBe(204);
    expect((await user.send('POST', path, { photoIds: [one, two, two, three] })).status).toBe(204);
    expect((await user.send('POST', path, { photoIds: [three, one] })).status).toBe(204);
    expect((await user.album(albumId)).body).toMatchObject({ itemCount: 3, version: 3 });
    const changes = await changesOf(user.id, albumId);
    expect(changes.map((change) => new Set(change.added))).toEqual([
      new Set(),
      new Set([one]),
      new Set([two, three]),
    ]);
    expect(changes.map((change) => change.album.itemCount)).toEqual([0, 1, 3]);
  });

  it.each([
    {},
    { photoId: newId(), photoIds: [newId()] },
    { photoIds: [] },
    { photoIds: Array.from({ length: 501 }, () => newId()) },
    { photoId: 'x' },
    { photoIds: [newId(), 'x'] },
  ])('are refused: case %#', async (body) => {
    const user = node.user();
    const reply = await user.send('POST', `/albums/${await user.addAlbum()}/items`, body);
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it.each(['unknown', "another user's", 'purged by another user'])(
    'are all refused when one of them is %s, which the problem names',
    async (kind) => {
      const [user, other] = [node.user(), node.user()];
      const fine = await user.addPhoto();
      const bad = kind === 'unknown' ? newId() : await other.addPhoto();
      if (kind === 'purged by another user') await other.purge(bad);
      const albumId = await user.addAlbum();
      const errorAt = (path: string) => ({ path, message: expect.stringContaining(bad) });
      expect(await user.addItems(albumId, [fine, fine, bad, fine])).toMatchObject({
        status: 404,
        body: { code: 'not_found', errors: [errorAt('body.photoIds.2')] },
      });
      expect(await user.send('POST', `/albums/${albumId}/items`, { photoId: bad })).toMatchObject({
        status: 404,
        body: { code: 'not_found', errors: [errorAt('body.photoId')] },
      });
      expect((await user.album(albumId)).body).toMatchObject({ itemCount: 0, version: 1 });
      expect(await user.itemIds(albumId)).toEqual([]);
      expect((await user.addItems(newId(), [fine])).body).not.toHaveProperty('errors');
    },
  );

  it('come without those that another device has purged meanwhile', async () => {
    const user = node.user();
    const [one = '', purged = '', two = ''] = await user.addPhotos(3);
    const albumId = await user.addAlbum();
    await user.purge(purged);
    expect((await user.addItems(albumId, [one, purged, two])).status).toBe(204);
    expect(new Set(await user.itemIds(albumId))).toEqual(new Set([one, two]));
    expect((await user.addItems(albumId, [purged])).status).toBe(204);
    expect((await user.album(albumId)).body).toMatchObject({ itemCount: 2, version: 2 });
  });

  it.each(['date', 'manual'])(
    'come with those in the trash, which show when they are restored, in an album by %s',
    async (order) => {
      const user = node.user();
      const [one = '', trashed = '', two = ''] = await user.addPhotos(3);
      const albumId = await user.addAlbum('Summer', { order });
      await user.trash(trashed);
      expect((await user.addItems(albumId, [trashed])).status).toBe(204);
      expect((await user.album(albumId)).body).toMatchObject({ itemCount: 0, version: 1 });
      await user.addItems(albumId, [one, trashed, two]);
      expect((await user.album(albumId)).body).toMatchObject({ itemCount: 2, version: 2 });
      expect(new Set(await user.itemIds(albumId))).toEqual(new Set([one, two]));
      await user.restore(trashed);
      expect((await user.album(albumId)).body).toMatchObject({ itemCount: 3, version: 3 });
      const listed = await user.itemIds(albumId);
      expect(new Set(listed)).toEqual(new Set([one, trashed, two]));
      if (order === 'manual') expect(listed).toEqual([trashed, one, two]);
      const changes = await changesOf(user.id, albumId);
      expect(changes.map(({ added }) => new Set(added))).toEqual([
        new Set(),
        new Set([one, two]),
        new Set([trashed]),
      ]);
      expect(Object.keys(changes[2]?.positions ?? {})).toEqual(order === 'manual' ? [trashed] : []);
      // One that never comes back leaves nothing behind.
      await user.trash(trashed);
      await user.purge(trashed);
      expect((await user.album(albumId)).body).toMatchObject({ itemCount: 2, version: 4 });
    },
  );

  it('leave it, once', async () => {
    const user = node.user();
    const [one = '', two = ''] = await user.addPhotos(2);
    const albumId = await user.addAlbum();
    await user.addItems(albumId, [one, two]);
    for (let n = 0; n < 2; n += 1) expect((await user.removeItem(albumId, one)).status).toBe(204);
    expect((await user.album(albumId)).body).toMatchObject({ itemCount: 1, version: 3 });
    expect(await user.itemIds(albumId)).toEqual([two]);
    expect((await changesOf(user.id, albumId)).at(-1)).toMatchObject({ added: [], removed: [one] });
    expect((await user.removeItem(albumId, newId())).status).toBe(404);
    expect((await user.removeItem(newId(), two)).status).toBe(404);
  });

  it('that are in the trash can be taken out, and then do not come back with a restore', async () => {
    const user = node.user();
    const id = await user.addPhoto();
    const albumId = await user.addAlbum();
    await user.addItems(albumId, [id]);
    await user.trash(id);
    expect((await user.removeItem(albumId, id)).status).toBe(204);
    await user.restore(id);
    expect((await user.album(albumId)).body.itemCount).toBe(0);
    expect(await user.itemIds(albumId)).toEqual([]);
  });

  it('are listed in pages, newest capture first, without those in the trash', async () => {
    const user = node.user();
    const ids = await user.addPhotos(9, (index) => ({
      capturedAt: new Date(Date.UTC(2024, 0, 20 - Math.floor(index / 3))).toISOString(),
    }));
    const albumId = await user.addAlbum();
    await user.addItems(albumId, ids);
    await user.addPhoto();
    await user.trash(ids[4] ?? '');
    const listed = (await user.listedIds()).filter((id) => ids.includes(id));
    for (const limit of [1, 2, 5, 100]) {
      const pages = await user.pages(`/albums/${albumId}/items`, limit);
      expect(pages.flatMap((page) => page.items.map((photo: Photo) => photo.id))).toEqual(listed);
      expect(pages).toHaveLength(Math.ceil(8 / limit));
    }
    const path = `/albums/${albumId}/items`;
    expect((await user.call(`${path}?cursor=x`)).body.code).toBe('invalid_cursor');
    expect((await user.call(`${path}?limit=0`)).status).toBe(400);
    expect((await user.call(`/albums/${newId()}/items`)).status).toBe(404);
  });
});
