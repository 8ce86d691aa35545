import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually, refuseWrites, waitForLocks } from '@lazyphotos/testkit';
import { eventOf, failedResult, newUpload, readyResult } from './facts.js';
import { type CatalogNode, startCatalog } from './harness.js';

describeWithPostgres('a photo on its way in', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  const upload = (more: object = {}) => newUpload(newId(), more);

  it('is there as soon as it is recorded, with all that the upload says', async () => {
    const fact = upload({
      capturedAt: '2024-05-06T07:08:09.123Z',
      capturedAtSource: 'client',
      width: 4032,
      height: 3024,
      locationLat: -33.8568,
      locationLon: 151.2153,
      sizeBytes: 5_000_000_000,
    });
    await node.service.api.recordUpload(fact);
    const { status, body } = await node.user(fact.userId).photo(fact.photoId);
    expect(status).toBe(200);
    expect(body).toEqual({
      id: fact.photoId,
      userId: fact.userId,
      storageKey: fact.storageKey,
      hash: fact.hash,
      fileName: fact.fileName,
      sizeBytes: 5_000_000_000,
      mimeType: 'image/jpeg',
      capturedAt: fact.capturedAt,
      capturedAtSource: 'client',
      uploadedAt: fact.uploadedAt,
      updatedAt: fact.uploadedAt,
      width: 4032,
      height: 3024,
      locationLat: -33.8568,
      locationLon: 151.2153,
      tags: [],
      favorite: false,
      archived: false,
      kind: 'photo',
      isDeleted: false,
      processing: 'pending',
      thumbnails: {},
      version: 1,
    });
  });

  it('keeps what its file said when a repeat of the processing could not read it, and takes new values', async () => {
    const fact = upload();
    await node.service.api.recordUpload(fact);
    const first = readyResult(fact, {
      capturedAt: '2024-05-06T07:08:09.123Z',
      capturedAtSource: 'exifOriginal',
      capturedAtOffset: 120,
      width: 4032,
      height: 3024,
      locationLat: -33.8568,
      locationLon: 151.2153,
      altitude: 12,
      kind: 'motion',
      cameraMake: 'Canon',
      cameraModel: 'EOS R5',
      lensModel: 'RF 50mm',
      fNumber: 1.8,
      exposureTime: 0.01,
      iso: 100,
      focalLength: 50,
      orientation: 6,
      rating: 4,
    });
    await node.deliver(eventOf('media.processed', first));
    const seen = async () => (await node.user(fact.userId).photo(fact.photoId)).body;
    const { version, updatedAt: _, ...before } = await seen();
    expect(before).toMatchObject({ cameraModel: 'EOS R5', iso: 100, rating: 4 });
    await node.deliver(eventOf('media.processed', readyResult(fact, { run: 2 })));
    expect(await seen()).toMatchObject({ ...before, version: version + 1 });
    await node.deliver(eventOf('media.processed', readyResult(fact, { run: 3, iso: 200 })));
    expect(await seen()).toMatchObject({ ...before, iso: 200, version: version + 2 });
  });

  it.each([
    ['the smallest number', 5e-324, -5e-324],
    ['a number whose square is too small', 1e-320, 151.2153],
    ['negative zero', -0, 1e-200],
  ])('is there with a location of %s from any source', async (_name, lat, lon) => {
    const location = { locationLat: lat, locationLon: lon };
    const stored = { locationLat: 0, locationLon: Math.abs(lon) < 1 ? 0 : lon };
    const user = node.user();
    const neighbours = await user.addPhotos(5, (index) => ({ locationLat: index, locationLon: 1e-300 }));
    const [announced, found] = [newUpload(user.id, location), newUpload(user.id)];
    for (const fact of [announced, found]) await node.service.api.recordUpload(fact);
    await node.deliver(eventOf('media.processed', readyResult(found, location)));
    const edited = neighbours[4] ?? '';
    expect((await user.edit(edited, location)).status).toBe(200);
    for (const id of [announced.photoId, found.photoId, edited])
      expect((await user.photo(id)).body).toMatchObject(stored);
    const near = await user.call(`/search?near=${stored.locationLat},${stored.locationLon}&radiusKm=1`);
    expect(near.body.photos.map(({ id }: { id: string }) => id)).toEqual(
      expect.arrayContaining([announced.photoId, found.photoId, edited]),
    );
  });

  it('is recorded once, however often it is announced', async () => {
    const fact = upload();
    const tell = () => node.service.api.recordUpload(fact);
    await Promise.all([tell(), tell(), tell()]);
    await node.deliver(eventOf('upload.completed', fact), eventOf('upload.completed', fact));
    const events = await node.eventsOf(fact.userId);
    expect(events.map((event) => event.type)).toEqual(['photo.changed']);
    expect((await node.user(fact.userId).photo(fact.photoId)).body.version).toBe(1);
  });

  it.each([
    { table: 'outbox_messages', at: 'statement' },
    { table: 'outbox_messages', at: 'commit' },
    { table: 'photos', at: 'statement' },
    { table: 'photos', at: 'commit' },
  ] as const)(
    'and its events are stored together or not at all: $table refuses, at its $at',
    async (refused) => {
      const fact = upload();
      const user = node.user(fact.userId);
      const refusing = (work: () => Promise<unknown>) =>
        expect(refuseWrites(node.pool, refused, work)).rejects.toThrow();
      const eventTypes = async () => (await node.eventsOf(user.id)).map(({ type }) => type);

      await refusing(() => node.service.api.recordUpload(fact));
      expect((await user.photo(fact.photoId)).status).toBe(404);
      expect(await eventTypes()).toEqual([]);
      await node.service.api.recordUpload(fact);
      expect(await eventTypes()).toEqual(['photo.changed']);

      // What the worker has found is delivered again until it can be applied.
      const failuresBefore = node.failures.length;
      await refuseWrites(node.pool, refused, async () => {
        await node.publish(eventOf('media.processed', readyResult(fact)));
        await eventually(() => expect(node.failures.length).toBeGreaterThan(failuresBefore));
      });
      await eventually(async () =>
        expect((await user.photo(fact.photoId)).body).toMatchObject({ processing: 'ready', version: 2 }),
      );
      node.failures.splice(failuresBefore);
      expect(await eventTypes()).toEqual(['photo.changed', 'photo.changed']);

      const reply = await refuseWrites(node.pool, refused, () => user.trash(fact.photoId));
      expect(reply.status).toBeGreaterThanOrEqual(500);
      expect((await user.photo(fact.photoId)).body).toMatchObject({ version: 2 });
      expect(await eventTypes()).toHaveLength(2);
    },
  );

  it('comes with the event alone when the call did not reach the catalog', async () => {
    const fact = upload();
    await node.deliver(eventOf('upload.completed', fact));
    expect((await node.user(fact.userId).photo(fact.photoId)).status).toBe(200);
  });

  it('gets the results of the media worker; the file has priority over the client', async () => {
    const fact = upload({
      capturedAt: '2001-01-01T00:00:00.000Z',
      locationLat: 1,
      locationLon: 2,
      width: 10,
      height: 20,
    });
    await node.service.api.recordUpload(fact);
    const found = {
      capturedAt: '2024-05-06T07:08:09.000Z',
      capturedAtSource: 'exifOriginal' as const,
      width: 300,
      height: 200,
      locationLat: 50,
      locationLon: 8,
      cameraMake: 'Canon',
      cameraModel: 'EOS 40D',
      lensModel: 'EF-S',
      fNumber: 2.8,
      exposureTime: 0.005,
      iso: 400,
      focalLength: 50,
      orientation: 6,
    };
    await node.deliver(eventOf('media.processed', readyResult(fact, found)));
    const { body } = await node.user(fact.userId).photo(fact.photoId);
    expect(body).toMatchObject({ ...found, processing: 'ready', placeholder: 'AAAA', version: 2 });
    for (const variant of ['thumb', 'medium']) {
      const url = new URL(body.thumbnails[variant]);
      expect(url.pathname).toBe(`/media/${fact.userId}/${fact.photoId}/${variant}`);
    }
    const events = await node.eventsOf(fact.userId);
    expect(events.map((event) => event.type)).toEqual(['photo.changed', 'photo.changed']);
  });

  it('keeps what the client said where the file says nothing', async () => {
    const fact = upload({
      capturedAt: '2001-01-01T00:00:00.000Z',
      locationLat: 1,
      locationLon: 2,
      width: 10,
      height: 20,
    });
    await node.service.api.recordUpload(fact);
    await node.deliver(eventOf('media.processed', failedResult(fact)));
    expect((await node.user(fact.userId).photo(fact.photoId)).body).toMatchObject({
      capturedAt: fact.capturedAt,
      capturedAtSource: 'client',
      locationLat: 1,
      locationLon: 2,
      width: 10,
      height: 20,
      processing: 'failed',
      processingError: { code: 'unreadable', reason: 'The file is damaged' },
      thumbnails: {},
    });
  });

  it.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-12:00'])(
    'does not accept %s as the capture time',
    async (capturedAt) => {
      const fact = upload({ capturedAt });
      await node.deliver(eventOf('upload.completed', fact));
      await node.deliver(eventOf('media.processed', readyResult(fact, { capturedAt })));
      const { body } = await node.user(fact.userId).photo(fact.photoId);
      expect(body).toMatchObject({ processing: 'ready' });
      expect(body).not.toHaveProperty('capturedAt');
      expect(body).not.toHaveProperty('capturedAtSource');
    },
  );

  describe('whose result comes first', () => {
    it('is ready at once', async () => {
      const fact = upload();
      await node.deliver(eventOf('media.processed', readyResult(fact, { cameraMake: 'Canon' })));
      expect(await node.eventsOf(fact.userId)).toEqual([]);
      await node.service.api.recordUpload(fact);
      expect((await node.user(fact.userId).photo(fact.photoId)).body).toMatchObject({
        processing: 'ready',
        cameraMake: 'Canon',
      });
      expect(await node.eventsOf(fact.userId)).toHaveLength(1);
      const { rows } = await node.pool.query('SELECT * FROM early_media WHERE photo_id = $1', [fact.photoId]);
      expect(rows).toEqual([]);
    });

    it('gets the newest one', async () => {
      const fact = upload();
      for (const run of [2, 3, 1]) {
        await node.deliver(eventOf('media.processed', readyResult(fact, { run, cameraModel: `run ${run}` })));
      }
      await node.service.api.recordUpload(fact);
      expect((await node.user(fact.userId).photo(fact.photoId)).body.cameraModel).toBe('run 3');
    });

    it('or at the same time, ends the same', async () => {
      const facts = Array.from({ length: 40 }, () => upload());
      await node.deliver(
        ...facts.flatMap((fact, index) => {
          const pair = [eventOf('upload.completed', fact), eventOf('media.processed', readyResult(fact))];
          return index % 2 === 0 ? pair : pair.reverse();
        }),
      );
      for (const fact of facts) {
        expect((await node.user(fact.userId).photo(fact.photoId)).body.processing).toBe('ready');
      }
      expect((await node.pool.query('SELECT * FROM early_media')).rows).toEqual([]);
    });
  });

  it('applies the results of several runs in their order, in any order of arrival', async () => {
    const fact = upload();
    await node.service.api.recordUpload(fact);
    const result = (run: number) =>
      eventOf('media.processed', readyResult(fact, { run, cameraModel: `run ${run}` }));
    const model = async () => (await node.user(fact.userId).photo(fact.photoId)).body.cameraModel;
    await node.deliver(result(2));
    expect(await model()).toBe('run 2');
    await node.deliver(result(1), result(2));
    expect(await model()).toBe('run 2');
    await node.deliver(eventOf('media.processed', failedResult(fact, { run: 3 })));
    expect((await node.user(fact.userId).photo(fact.photoId)).body).toMatchObject({
      processing: 'failed',
      version: 3,
    });
    expect(await node.eventsOf(fact.userId)).toHaveLength(3);
  });

  it('keeps an edit that is committed between reading the photo and writing its result', async () => {
    const fact = upload();
    await node.service.api.recordUpload(fact);
    const client = await node.pool.connect();
    await client.query('BEGIN');
    await client.query('UPDATE photos SET favorite = true, version = version + 1 WHERE id = $1', [
      fact.photoId,
    ]);
    const delivered = node.deliver(eventOf('media.processed', readyResult(fact)));
    await waitForLocks(node.pool, 1);
    await client.query('COMMIT');
    client.release();
    await delivered;
    expect((await node.user(fact.userId).photo(fact.photoId)).body).toMatchObject({
      favorite: true,
      processing: 'ready',
      version: 3,
    });
  });

  it('that is in the trash takes its result there, and shows it when it comes back', async () => {
    const fact = upload();
    await node.service.api.recordUpload(fact);
    const user = node.user(fact.userId);
    await user.trash(fact.photoId);
    await node.deliver(eventOf('media.processed', readyResult(fact)));
    expect((await node.eventsOf(fact.userId)).map((event) => event.type)).toEqual([
      'photo.changed',
      'photo.trashed',
    ]);
    await user.restore(fact.photoId);
    const events = await node.eventsOf(fact.userId);
    expect(events.at(-1)).toMatchObject({
      type: 'photo.changed',
      payload: { photo: { processing: 'ready', version: 4 } },
    });
  });

  describe('that was purged', () => {
    it('does not come back with a late event', async () => {
      const fact = upload();
      await node.service.api.recordUpload(fact);
      const user = node.user(fact.userId);
      await user.purge(fact.photoId);
      const before = await node.eventsOf(fact.userId);
      await node.service.api.recordUpload(fact);
      await node.deliver(eventOf('upload.completed', fact), eventOf('media.processed', readyResult(fact)));
      expect((await user.photo(fact.photoId)).status).toBe(404);
      expect(await user.listedIds()).toEqual([]);
      expect(await node.eventsOf(fact.userId)).toEqual(before);
      const { rows } = await node.pool.query('SELECT * FROM early_media WHERE photo_id = $1', [fact.photoId]);
      expect(rows).toEqual([]);
    });

    it('is refused by the database if a statement inserts it all the same', async () => {
      const fact = upload();
      await node.service.api.recordUpload(fact);
      await node.user(fact.userId).purge(fact.photoId);
      const other = upload();
      await node.service.api.recordUpload(other);
      const insertAgain = node.pool.query(
        `INSERT INTO photos SELECT (jsonb_populate_record(photos, jsonb_build_object('id', $1::text))).*
         FROM photos WHERE id = $2`,
        [fact.photoId, other.photoId],
      );
      await expect(insertAgain).rejects.toMatchObject({ code: '40001' });
    });

    it('is not recorded by a call that began before the purge', async () => {
      const fact = upload();
      const { photoId, userId } = fact;
      const client = await node.pool.connect();
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO photos (id, user_id, hash, storage_key, file_name, size_bytes, mime_type, sort_at, uploaded_at, updated_at, edits)
         VALUES ($1, $2, 'hash', 'key', 'name', 1, 'image/jpeg', now(), now(), now(), '{}')`,
        [photoId, userId],
      );
      const recorded = node.service.api.recordUpload(fact);
      await waitForLocks(node.pool, 1);
      await client.query('DELETE FROM photos WHERE id = $1', [photoId]);
      await client.query(
        'INSERT INTO purged_photos (id, user_id, version, purged_at) VALUES ($1, $2, 2, now())',
        [photoId, userId],
      );
      await client.query('COMMIT');
      client.release();
      // The conflict is not the caller's: the call is repeated, and finds the purge.
      await recorded;
      expect((await node.pool.query('SELECT id FROM photos WHERE id = $1', [photoId])).rows).toEqual([]);
    });

    it('leaves no result that was stored while it was recorded and purged', async () => {
      const fact = upload();
      const client = await node.pool.connect();
      await client.query('BEGIN');
      // Holds the result up just before it is stored.
      await client.query(
        `INSERT INTO early_media (photo_id, user_id, run, payload) VALUES ($1, $2, 0, '{}')`,
        [fact.photoId, fact.userId],
      );
      const location = { locationLat: 50, locationLon: 8 };
      const delivered = node.deliver(eventOf('media.processed', readyResult(fact, location)));
      await waitForLocks(node.pool, 1);
      await node.service.api.recordUpload(fact);
      await node.user(fact.userId).purge(fact.photoId);
      await client.query('ROLLBACK');
      client.release();
      await delivered;
      expect((await node.pool.query('SELECT * FROM early_media')).rows).toEqual([]);
    });

    it('takes a result with it that waited for another run', async () => {
      const fact = upload();
      await node.service.api.recordUpload(fact);
      await node.pool.query(
        `INSERT INTO early_media (photo_id, user_id, run, payload) VALUES ($1, $2, 7, '{}')`,
        [fact.photoId, fact.userId],
      );
      await node.user(fact.userId).purge(fact.photoId);
      expect((await node.pool.query('SELECT * FROM early_media')).rows).toEqual([]);
    });

    it.each(['call', 'upload.completed', 'media.processed'] as const)(
      'does not come back with a late %s during the purge',
      async (type) => {
        const fact = upload();
        await node.service.api.recordUpload(fact);
        const user = node.user(fact.userId);
        await user.addItems(await user.addAlbum(), [fact.photoId]);
        await node.eventsOf(user.id);
        const client = await node.pool.connect();
        await client.query('BEGIN');
        // Holds the purge up just before it commits.
        await client.query('LOCK TABLE outbox_messages IN SHARE MODE');
        const purging = user.purge(fact.photoId);
        await waitForLocks(node.pool, 1);
        const deliveries = {
          call: () => node.service.api.recordUpload(fact),
          'upload.completed': () => node.deliver(eventOf('upload.completed', fact)),
          'media.processed': () => node.deliver(eventOf('media.processed', readyResult(fact))),
        };
        const delivered = deliveries[type]();
        // The event finds the photo still recorded, and has nothing to wait for.
        if (type === 'upload.completed') await delivered;
        else await waitForLocks(node.pool, 2);
        await client.query('COMMIT');
        client.release();
        expect((await purging).status).toBe(204);
        await delivered;
        expect((await user.photo(fact.photoId)).status).toBe(404);
        expect(
          (await node.eventsOf(fact.userId)).filter((item) => item.type === 'photo.changed'),
        ).toHaveLength(1);
      },
    );
  });
});
