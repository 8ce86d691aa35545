import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Album } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type CatalogNode, startCatalog } from './harness.js';

describeWithPostgres('albums', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  it('are made, read, changed and deleted', async () => {
    const user = node.user();
    const cover = await user.addPhoto();
    const created = await user.send('POST', '/albums', { name: ' Été 🌞 ', description: 'by the\nsea' });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: created.body.id,
      userId: user.id,
      name: 'Été 🌞',
      description: 'by the\nsea',
      order: 'date',
      itemCount: 0,
      createdAt: expect.any(String),
      updatedAt: created.body.createdAt,
      isDeleted: false,
      version: 1,
    });
    const path = `/albums/${created.body.id}`;
    expect((await user.call(path)).body).toEqual(created.body);

    const changed = await user.send('PUT', path, { name: 'Autumn', coverPhotoId: cover });
    expect(changed.body).toMatchObject({
      name: 'Autumn',
      description: 'by the\nsea',
      coverPhotoId: cover,
      version: 2,
    });
    const cleared = await user.send('PUT', path, { description: null, coverPhotoId: null });
    expect(cleared.body).toMatchObject({ name: 'Autumn', version: 3 });
    expect(cleared.body).not.toHaveProperty('description');
    expect(cleared.body).not.toHaveProperty('coverPhotoId');

    expect((await user.send('DELETE', path)).status).toBe(204);
    for (const reply of [
      await user.call(path),
      await user.send('DELETE', path),
      await user.send('PUT', path, {}),
    ]) {
      expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    const events = (await node.eventsOf(user.id)).filter((event) => event.type !== 'photo.changed');
    expect(events.map((event) => event.type)).toEqual([...Array(3).fill('album.changed'), 'album.deleted']);
    expect(events.slice(0, 3).map((event) => event.payload)).toEqual(
      [created, changed, cleared].map(({ body: { cover: _shown, ...album } }) => ({
        album,
        added: [],
        removed: [],
      })),
    );
    expect(events[3]?.payload).toEqual({
      albumId: created.body.id,
      userId: user.id,
      version: 4,
      deletedAt: expect.any(String),
    });
  });

  it.each([
    ['POST', { name: '' }],
    ['POST', { name: ' ' }],
    ['POST', {}],
    ['POST', { name: 'a\u0000' }],
    ['POST', { name: 'x'.repeat(201) }],
    ['POST', { name: 'A', coverPhotoId: 'x' }],
    ['PUT', { name: null }],
    ['PUT', { name: '' }],
  ])('refuse %s %j', async (method, body) => {
    const user = node.user();
    const path = method === 'POST' ? '/albums' : `/albums/${await user.addAlbum()}`;
    expect(await user.send(method, path, body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
  });

  it('leave their photos where they are when they are deleted', async () => {
    const user = node.user();
    const id = await user.addPhoto();
    const albumId = await user.addAlbum();
    await user.addItems(albumId, [id]);
    await user.send('DELETE', `/albums/${albumId}`);
    expect((await user.photo(id)).body).toMatchObject({ isDeleted: false, version: 1 });
    expect((await user.trash(id)).status).toBe(204);
  });

  describe('take as their cover', () => {
    const coverFor = {
      unknown: async () => newId(),
      "another user's": () => node.user().addPhoto(),
      trashed: async (user: ReturnType<CatalogNode['user']>) => {
        const id = await user.addPhoto();
        await user.trash(id);
        return id;
      },
    };
    it.each(['unknown', "another user's", 'trashed'] as const)('no photo that is %s', async (kind) => {
      const user = node.user();
      const coverPhotoId = await coverFor[kind](user);
      const albumId = await user.addAlbum();
      for (const reply of [
        await user.send('POST', '/albums', { name: 'A', coverPhotoId }),
        await user.send('PUT', `/albums/${albumId}`, { coverPhotoId, name: 'changed' }),
      ]) {
        expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
      }
      expect((await user.album(albumId)).body).toMatchObject({ name: 'Summer', version: 1 });
    });

    it('any other photo of the user, also one that is not in them', async () => {
      const user = node.user();
      const id = await user.addPhoto();
      const albumId = await user.addAlbum('A', { coverPhotoId: id });
      expect((await user.album(albumId)).body).toMatchObject({ coverPhotoId: id, itemCount: 0 });
    });
  });

  describe('are made once for an Idempotency-Key', () => {
    const create = (user: ReturnType<CatalogNode['user']>, key: string, body: object) =>
      user.call('/albums', { json: body, headers: { 'idempotency-key': key } });

    it('however often, and however many at a time', async () => {
      const user = node.user();
      const replies = await Promise.all(
        Array.from({ length: 5 }, () => create(user, 'key-1', { name: 'A' })),
      );
      replies.push(await create(user, 'key-1', { name: 'A' }));
      for (const reply of replies) expect(reply).toMatchObject({ status: 201, body: replies[0]?.body });
      expect((await user.call('/albums')).body.albums).toHaveLength(1);
      expect(await node.eventsOf(user.id)).toHaveLength(1);
    });

    it('but not for another request, another user or another key', async () => {
      const user = node.user();
      const first = await create(user, 'key-1', { name: 'A' });
      expect(await create(user, 'key-1', { name: 'B' })).toMatchObject({
        status: 422,
        body: { code: 'idempotency_key_reused' },
      });
      expect((await create(user, 'key-2', { name: 'A' })).body.id).not.toBe(first.body.id);
      const other = node.user();
      const others = await create(other, 'key-1', { name: 'A' });
      expect(others.body.id).not.toBe(first.body.id);
      expect((await create(user, 'key-1', { name: 'A' })).body.id).toBe(first.body.id);
      expect((await create(other, 'key-1', { name: 'A' })).body.id).toBe(others.body.id);
      expect(await create(node.user(), 'key-1', { name: 'C' })).toMatchObject({
        status: 201,
        body: { name: 'C' },
      });
    });

    it('and a request that failed may be repeated with the same key', async () => {
      const user = node.user();
      const photoId = newId();
      expect((await create(user, 'key', { name: 'A', coverPhotoId: photoId })).status).toBe(404);
      await user.addPhoto({ photoId });
      expect((await create(user, 'key', { name: 'A', coverPhotoId: photoId })).status).toBe(201);
    });

    it.each(['x'.repeat(201), 'a b'])('of a sound form: %s is refused', async (key) => {
      expect(await create(node.user(), key, { name: 'A' })).toMatchObject({ status: 400 });
    });
  });

  it('are listed in pages, newest first', async () => {
    const user = node.user();
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) ids.unshift(await user.addAlbum(`album ${n}`));
    // Two of the same moment: the id decides.
    await node.pool.query(
      'UPDATE albums SET created_at = (SELECT min(created_at) FROM albums WHERE user_id = $1) WHERE id = ANY($2)',
      [user.id, ids.slice(4)],
    );
    for (const limit of [1, 2, 3, 100]) {
      const pages = await user.pages('/albums', limit);
      expect(pages.flatMap((page) => page.albums.map((album: Album) => album.id))).toEqual(ids);
      expect(pages).toHaveLength(Math.ceil(7 / limit));
    }
    expect((await node.user().call('/albums')).body).toEqual({ albums: [], cursor: null, hasMore: false });
    const huge = Buffer.from(JSON.stringify({ at: 9e15, id: newId() })).toString('base64url');
    for (const cursor of ['nonsense', huge]) {
      expect(await user.call(`/albums?cursor=${cursor}`)).toMatchObject({
        status: 400,
        body: { code: 'invalid_cursor' },
      });
    }
    expect((await user.call('/albums?limit=501')).status).toBe(400);
  });
});
