import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { eventOf, newUpload, readyResult } from './facts.js';
import { type CatalogNode, startCatalog } from './harness.js';

const place = { city: 'Atlantis', country: 'Nowhere', countryCode: 'XX' };

describeWithPostgres('an event that no service publishes', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  const refused = async (type: string) =>
    Number(
      new RegExp(`^lazyphotos_events_refused_total\\{service="catalog",type="${type}"\\} (\\d+)$`, 'm').exec(
        await node.metric('lazyphotos_events_refused_total'),
      )?.[1] ?? 0,
    );

  it('makes no photo of the file of another user', async () => {
    const [owner, thief] = [node.user(), node.user()];
    const theirs = await owner.addPhoto();
    const forged = newUpload(thief.id, { storageKey: `originals/${owner.id}/${theirs}` });
    const honest = newUpload(thief.id);
    await node.deliver(eventOf('upload.completed', forged), eventOf('upload.completed', honest));
    expect((await thief.photo(forged.photoId)).status).toBe(404);
    expect((await thief.photo(honest.photoId)).status).toBe(200);
    expect(await refused('upload.completed')).toBe(1);
  });

  it('changes no owner and no photo of another user', async () => {
    const [owner, thief] = [node.user(), node.user()];
    const upload = newUpload(owner.id, { locationLat: 10, locationLon: 20 });
    await node.service.api.recordUpload(upload);
    const before = (await owner.photo(upload.photoId)).body;
    const { photoId } = upload;
    const [userId, locationLat, locationLon] = [thief.id, 10, 20];
    const stolen = newUpload(thief.id, { photoId });
    await node.deliver(
      eventOf('upload.completed', stolen),
      eventOf('media.processed', readyResult(stolen, { run: 7 })),
      eventOf('place.found', { photoId, userId, locationLat, locationLon, place }),
    );
    expect((await owner.photo(photoId)).body).toEqual(before);
    expect((await thief.photo(photoId)).status).toBe(404);
    expect(await refused('media.processed')).toBe(1);
    expect(await refused('place.found')).toBe(1);
    // The owner's own result counts, although its run is lower, and although both come in one batch.
    await node.deliver(
      eventOf('media.processed', readyResult(stolen, { run: 9 })),
      eventOf('media.processed', readyResult(upload)),
    );
    expect((await owner.photo(photoId)).body).toMatchObject({ processing: 'ready', version: 2 });
  });

  it('leaves no early result on the photo of another user', async () => {
    const owner = node.user();
    const upload = newUpload(owner.id);
    await node.deliver(
      eventOf('media.processed', readyResult(upload, { userId: newId(), run: 3, cameraMake: 'Forged' })),
    );
    await node.deliver(eventOf('upload.completed', upload));
    expect((await owner.photo(upload.photoId)).body).toMatchObject({ processing: 'pending', version: 1 });
    const { rows } = await node.pool.query(
      'SELECT count(*)::int AS count FROM early_media WHERE photo_id = $1',
      [upload.photoId],
    );
    expect(rows).toEqual([{ count: 0 }]);
  });

  it.each(['one after the other', 'in one batch'])(
    'displaces no early result of the owner, %s',
    async (how) => {
      const owner = node.user();
      const upload = newUpload(owner.id);
      const forged = eventOf('media.processed', readyResult(upload, { userId: newId(), run: 2_147_483_647 }));
      const real = eventOf('media.processed', readyResult(upload));
      const batches = how === 'in one batch' ? [[forged, real]] : [[forged], [real]];
      for (const batch of batches) await node.deliver(...batch);
      await node.deliver(eventOf('upload.completed', upload));
      expect((await owner.photo(upload.photoId)).body).toMatchObject({ processing: 'ready' });
      const { rows } = await node.pool.query('SELECT user_id FROM early_media WHERE photo_id = $1', [
        upload.photoId,
      ]);
      expect(rows).toEqual([]);
    },
  );

  it('does not revive a purged photo, for its owner or for another user', async () => {
    const [owner, thief] = [node.user(), node.user()];
    const upload = newUpload(owner.id);
    await node.service.api.recordUpload(upload);
    await owner.purge(upload.photoId);
    const stolen = newUpload(thief.id, { photoId: upload.photoId });
    await node.deliver(
      eventOf('upload.completed', upload),
      eventOf('upload.completed', stolen),
      eventOf('media.processed', readyResult(upload, { run: 5 })),
    );
    expect(await owner.listedIds()).toEqual([]);
    expect(await thief.listedIds()).toEqual([]);
  });
});
