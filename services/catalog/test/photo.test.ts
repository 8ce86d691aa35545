import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, waitForLocks } from '@lazyphotos/testkit';
import { eventOf, failedResult, newUpload, readyResult } from './facts.js';
import { type CatalogNode, DAY_MS, mediaUrls, startCatalog } from './harness.js';

const sizes = ['thumb', 'medium', 'original'] as const;

describeWithPostgres('one photo', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  const typesOf = async (userId: string) => (await node.eventsOf(userId)).map((event) => event.type);

  describe('is downloaded', () => {
    const download = (user: ReturnType<CatalogNode['user']>, id: string, size: string) =>
      user.call(`/photos/${id}/download?size=${size}`);

    it('by URLs that verify, once it is ready', async () => {
      const user = node.user();
      const upload = newUpload(user.id);
      await node.service.api.recordUpload(upload);
      await node.deliver(eventOf('media.processed', readyResult(upload)));
      for (const size of sizes) {
        const { status, body } = await download(user, upload.photoId, size);
        expect(status).toBe(200);
        const { pathname, searchParams } = new URL(body.url);
        const location = mediaUrls.verify(pathname, searchParams.get('exp'), searchParams.get('sig'));
        expect(location).toEqual({
          userId: user.id,
          photoId: upload.photoId,
          variant: size,
          expiresAt: new Date(body.expiresAt),
        });
        expect(Date.parse(body.expiresAt)).toBeGreaterThan(Date.now());
      }
      const { body } = await user.call(`/photos/${upload.photoId}/download`);
      expect(new URL(body.url).pathname).toMatch(/\/original$/);
      expect((await download(user, upload.photoId, 'huge')).status).toBe(400);
    });

    it.each(['pending', 'failed'])('as the original only while it is %s', async (processing) => {
      const user = node.user();
      const upload = newUpload(user.id);
      await node.service.api.recordUpload(upload);
      if (processing === 'failed') await node.deliver(eventOf('media.processed', failedResult(upload)));
      for (const size of ['thumb', 'medium']) {
        const reply = await download(user, upload.photoId, size);
        expect(reply).toMatchObject({ status: 404, body: { code: 'not_ready', processing } });
      }
      expect((await download(user, upload.photoId, 'original')).status).toBe(200);
    });
  });

  describe('is deleted', () => {
    it('into the trash and back, once, however often it is asked', async () => {
      const user = node.user();
      const id = await user.addPhoto();
      for (let n = 0; n < 2; n += 1) expect((await user.trash(id)).status).toBe(204);
      expect((await user.photo(id)).body).toMatchObject({
        isDeleted: true,
        version: 2,
        deletedAt: expect.any(String),
      });
      for (let n = 0; n < 2; n += 1) {
        const reply = await user.restore(id);
        expect(reply).toMatchObject({ status: 200, body: { id, isDeleted: false, version: 3 } });
        expect(reply.body).not.toHaveProperty('deletedAt');
      }
      const events = await node.eventsOf(user.id);
      expect(events.map((event) => event.type)).toEqual(['photo.changed', 'photo.trashed', 'photo.changed']);
      expect(events[1]?.payload).toEqual({
        photoId: id,
        userId: user.id,
        storageKey: `originals/${user.id}/${id}`,
        version: 2,
        deletedAt: expect.any(String),
      });
      expect(events[2]?.payload).toMatchObject({ photo: { id, version: 3, isDeleted: false } });
    });

    it.each([true, false])('permanently; it was in the trash: %s', async (trashed) => {
      const user = node.user();
      const id = await user.addPhoto();
      if (trashed) await user.trash(id);
      expect((await user.purge(id)).status).toBe(204);
      for (const reply of [
        await user.photo(id),
        await user.purge(id),
        await user.trash(id),
        await user.restore(id),
      ]) {
        expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
      }
      const events = await node.eventsOf(user.id);
      expect(events.filter((event) => event.type === 'photo.purged')).toHaveLength(1);
      expect(events.at(-1)?.payload).toMatchObject({ photoId: id, version: trashed ? 3 : 2 });
    });

    it('by many requests at once, with one event', async () => {
      const user = node.user();
      const id = await user.addPhoto();
      const trashed = await Promise.all(Array.from({ length: 5 }, () => user.trash(id)));
      expect(trashed.map((reply) => reply.status)).toEqual(Array(5).fill(204));
      const purged = await Promise.all(Array.from({ length: 5 }, () => user.purge(id)));
      for (const reply of purged) expect([204, 404]).toContain(reply.status);
      expect(await typesOf(user.id)).toEqual(['photo.changed', 'photo.trashed', 'photo.purged']);
    });
  });

  it('leaves and enters its albums with the trash, and their events name it', async () => {
    const user = node.user();
    const [one, other] = await user.addPhotos(2);
    const albums = [await user.addAlbum('A'), await user.addAlbum('B')];
    if (!one || !other) throw new Error('photos are missing');
    for (const albumId of albums) await user.addItems(albumId, [one, other]);
    const before = (await node.eventsOf(user.id)).length;
    const counts = async () => Promise.all(albums.map(async (id) => (await user.album(id)).body.itemCount));

    await user.trash(one);
    expect(await counts()).toEqual([1, 1]);
    expect(await user.itemIds(albums[0] ?? '')).toEqual([other]);
    await user.restore(one);
    expect(await counts()).toEqual([2, 2]);
    await user.purge(one);
    expect(await counts()).toEqual([1, 1]);
    await user.trash(other);
    await user.purge(other);
    expect(await counts()).toEqual([0, 0]);

    const events = (await node.eventsOf(user.id))
      .slice(before)
      .filter((event) => event.type === 'album.changed');
    const inA = events
      .map((event) => event.payload)
      .filter(({ album }) => album.id === albums[0])
      .sort((a, b) => a.album.version - b.album.version)
      .map(({ album, added, removed }) => ({
        version: album.version,
        count: album.itemCount,
        added,
        removed,
      }));
    expect(inA).toEqual([
      { version: 3, count: 1, added: [], removed: [one] },
      { version: 4, count: 2, added: [one], removed: [] },
      { version: 5, count: 1, added: [], removed: [one] },
      { version: 6, count: 0, added: [], removed: [other] },
    ]);
    expect(events).toHaveLength(8);
  });

  it('goes into the trash while one of its albums is being deleted', async () => {
    const user = node.user();
    const id = await user.addPhoto();
    const [kept, doomed] = [await user.addAlbum('kept'), await user.addAlbum('doomed')];
    for (const albumId of [kept, doomed]) await user.addItems(albumId, [id]);
    await node.eventsOf(user.id);
    const client = await node.pool.connect();
    await client.query('BEGIN');
    // Holds up the deletion just before it commits; then the trash waits for the album.
    await client.query('LOCK TABLE outbox_messages IN SHARE MODE');
    const deleting = user.send('DELETE', `/albums/${doomed}`);
    await waitForLocks(node.pool, 1);
    const trashing = user.trash(id);
    await waitForLocks(node.pool, 2);
    await client.query('COMMIT');
    client.release();
    expect((await deleting).status).toBe(204);
    expect((await trashing).status).toBe(204);
    expect((await user.album(kept)).body.itemCount).toBe(0);
  });

  it('takes its place as a cover with it', async () => {
    const user = node.user();
    const id = await user.addPhoto();
    const albumId = await user.addAlbum('covered', { coverPhotoId: id });
    await user.trash(id);
    expect((await user.album(albumId)).body).toMatchObject({ coverPhotoId: id, version: 1 });
    await user.purge(id);
    const { body } = await user.album(albumId);
    expect(body).toMatchObject({ version: 2 });
    expect(body).not.toHaveProperty('coverPhotoId');
    const last = (await node.eventsOf(user.id)).filter((event) => event.type === 'album.changed').at(-1);
    expect(last?.payload).toEqual({ album: body, added: [], removed: [] });
  });
});

describeWithPostgres('what is in the trash for too long', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog({ trashDays: 30 });
  });
  afterAll(() => node.stop());

  it('is purged, for every user, and nothing else is', async () => {
    const users = [node.user(), node.user()];
    const purged: string[] = [];
    const kept: string[] = [];
    for (const user of users) {
      const [old, active, restored] = await user.addPhotos(3);
      for (const id of [old, restored]) await user.trash(id ?? '');
      await user.restore(restored ?? '');
      purged.push(old ?? '');
      kept.push(active ?? '', restored ?? '');
    }
    node.advance(29 * DAY_MS);
    for (const user of users) {
      const young = await user.addPhoto();
      await user.trash(young);
      kept.push(young);
    }
    expect(await node.service.purgeTrash()).toBe(0);
    node.advance(1 * DAY_MS + 1000);
    expect(await node.service.purgeTrash()).toBe(2);
    expect(await node.service.purgeTrash()).toBe(0);
    const { rows } = await node.pool.query('SELECT id FROM photos');
    expect(new Set(rows.map((row) => row.id))).toEqual(new Set(kept));
    const events = (await Promise.all(users.map((user) => node.eventsOf(user.id)))).flat();
    const gone = events
      .filter((event) => event.type === 'photo.purged')
      .map((event) => event.payload.photoId);
    expect(new Set(gone)).toEqual(new Set(purged));
  });

  it('is purged in as many rounds as it takes', async () => {
    const user = node.user();
    await node.pool.query(
      `INSERT INTO photos (id, user_id, hash, storage_key, file_name, size_bytes, mime_type, sort_at, uploaded_at,
         updated_at, is_deleted, deleted_at)
       SELECT gen_random_uuid(), $1, repeat('0', 64), 'originals/x', 'x.jpg', 1, 'image/jpeg', now(), now(), now(), true,
         now() - interval '40 days' FROM generate_series(1, 450)`,
      [user.id],
    );
    expect(await node.service.purgeTrash()).toBe(450);
    const gone = (await node.eventsOf(user.id)).filter((event) => event.type === 'photo.purged');
    expect(gone).toHaveLength(450);
  });

  it('stays when it is restored at the last moment', async () => {
    const user = node.user();
    const id = await user.addPhoto();
    await user.trash(id);
    node.advance(31 * DAY_MS);
    await node.eventsOf(user.id);
    const client = await node.pool.connect();
    await client.query('BEGIN');
    // Holds up the restore just before it commits; then the purge waits for the photo.
    await client.query('LOCK TABLE outbox_messages IN SHARE MODE');
    const restoring = user.restore(id);
    await waitForLocks(node.pool, 1);
    const purging = node.service.purgeTrash();
    await waitForLocks(node.pool, 2);
    await client.query('COMMIT');
    client.release();
    expect((await restoring).status).toBe(200);
    await purging;
    expect((await user.photo(id)).body).toMatchObject({ id, isDeleted: false });
  });

  it('goes at once where nothing is to be kept', async () => {
    const hasty = await startCatalog({ trashDays: 0 });
    const user = hasty.user();
    const id = await user.addPhoto();
    await user.trash(id);
    hasty.advance(1);
    expect(await hasty.service.purgeTrash()).toBe(1);
    expect((await user.photo(newId())).status).toBe(404);
    await hasty.stop();
  });
});
