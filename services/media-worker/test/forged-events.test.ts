import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import sharp from 'sharp';
import {
  createGround,
  derivedOf,
  event,
  type Ground,
  idle,
  importedUpload,
  purged,
  startWorker,
  storeOriginal,
  type Upload,
  uploaded,
  type Worker,
} from './harness.js';
import { type Watched, watchedStore } from './watched-store.js';

const jpeg = await sharp({ create: { width: 640, height: 480, channels: 3, background: '#345678' } })
  .jpeg()
  .toBuffer();

describeWithPostgres('an event that no service publishes', () => {
  let ground: Ground;
  let worker: Worker;
  let watched: Watched;
  beforeAll(async () => {
    ground = await createGround();
  });
  beforeEach(async () => {
    watched = watchedStore();
    worker = await startWorker({ ground, store: watched.wrap });
  });
  /** Ends the waiting of reads that a test holds. */
  let release = () => {};
  afterEach(async () => {
    release();
    await worker.stop();
  });
  afterAll(() => ground.remove());

  const ready = (upload: Upload) =>
    eventually(() => expect(ground.resultsOf(upload.photoId)).toMatchObject([{ outcome: 'ready' }]));
  const quiet = async () => {
    for (const queue of ['media-worker.upload', 'media-worker.background', 'media-worker.photo'])
      await idle(worker.bus, queue);
  };
  const refused = async () =>
    (await worker.metrics.eventsRefused.get()).values.reduce((sum, { value }) => sum + value, 0);

  it('shows nobody the photo of another user: a file that is not the photo’s is not read', async () => {
    const theirs = await storeOriginal(ground, jpeg);
    const forged = { ...theirs, userId: newId(), photoId: newId() };
    await ground.bus.publish([
      uploaded(forged),
      importedUpload(forged),
      event('media.deferred', { upload: forged }),
    ]);
    await quiet();
    // The deferred one that the import's became is refused as well.
    await eventually(async () => expect(await refused()).toBeGreaterThanOrEqual(3));
    expect(watched.reads).toBe(0);
    expect(await derivedOf(ground, forged)).toEqual([]);
    expect(ground.resultsOf(forged.photoId)).toEqual([]);
  });

  it('takes no photo from its owner: neither a ready one nor one that comes later', async () => {
    const theirs = await storeOriginal(ground, jpeg);
    const userId = newId();
    const forged = { ...theirs, userId, storageKey: `originals/${userId}/${theirs.photoId}` };
    // Nothing is known of the photo yet, so this one is recorded under the false user.
    await ground.bus.publish([uploaded(forged)]);
    await eventually(() =>
      expect(ground.resultsOf(theirs.photoId)).toMatchObject([{ userId, outcome: 'failed' }]),
    );
    await ground.bus.publish([uploaded(theirs)]);
    await eventually(() =>
      expect(ground.resultsOf(theirs.photoId)).toContainEqual(
        expect.objectContaining({ userId: theirs.userId, outcome: 'ready' }),
      ),
    );
    await ground.bus.publish([uploaded(forged)]);
    await quiet();
    expect(await refused()).toBe(1);
    expect(ground.resultsOf(theirs.photoId)).toHaveLength(2);
    expect(await derivedOf(ground, theirs)).toEqual(['medium', 'thumb']);
  });

  it.each(['upload.completed', 'media.deferred'] as const)(
    'in flight does not stand for the owner’s: %s',
    async (type) => {
      const theirs = await storeOriginal(ground, jpeg);
      const userId = newId();
      const forged = { ...theirs, userId, storageKey: `originals/${userId}/${theirs.photoId}` };
      const open = new Map<string, () => void>();
      watched.beforeRead = (key) => new Promise((resolve) => open.set(key, resolve));
      release = () => {
        watched.beforeRead = async () => undefined;
        for (const end of open.values()) end();
      };
      const isHeld = ({ storageKey }: Upload) =>
        eventually(() => expect([...open.keys()]).toContain(storageKey));
      await ground.bus.publish([
        type === 'media.deferred' ? event(type, { upload: forged }) : uploaded(forged),
      ]);
      await isHeld(forged);
      await ground.bus.publish([uploaded(theirs)]);
      await isHeld(theirs);
      open.get(forged.storageKey)?.();
      // What the false one found is not the photo's outcome.
      await eventually(async () =>
        expect(
          await worker.metrics.registry.getSingleMetricAsString('lazyphotos_media_processed_total'),
        ).toContain('outcome="original_missing"} 1'),
      );
      open.get(theirs.storageKey)?.();
      await ready(theirs);
    },
  );

  it('purges no photo under the name of another user', async () => {
    const theirs = await storeOriginal(ground, jpeg);
    await ground.bus.publish([uploaded(theirs)]);
    await ready(theirs);
    await ground.bus.publish([purged({ ...theirs, userId: newId() })]);
    await quiet();
    expect(await refused()).toBe(1);
    expect(await worker.service.api.remakePreviews(theirs)).toBeUndefined();
    const { rows } = await worker.pool.query('SELECT state FROM media_jobs WHERE photo_id = $1', [
      theirs.photoId,
    ]);
    expect(rows).toEqual([{ state: 'ready' }]);
    expect(await derivedOf(ground, theirs)).toEqual(['medium', 'thumb']);
  });

  it('does not revive a purged photo', async () => {
    const theirs = await storeOriginal(ground, jpeg);
    await ground.bus.publish([purged(theirs)]);
    await quiet();
    await ground.bus.publish([uploaded(theirs), uploaded({ ...theirs, userId: newId() })]);
    await quiet();
    expect(watched.reads).toBe(0);
    expect(ground.resultsOf(theirs.photoId)).toEqual([]);
  });
});
