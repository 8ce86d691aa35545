import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
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
  type WorkerOptions,
} from './harness.js';
import { type Watched, watchedStore } from './watched-store.js';

const HOUR_MS = 3_600_000;
const jpeg = await sharp({ create: { width: 640, height: 480, channels: 3, background: '#246824' } })
  .jpeg()
  .toBuffer();

/** Holds photos at their first preview until they are let through. */
function createGate() {
  const arrived = new Set<string>();
  const held = new Map<string, () => void>();
  const open = (photoId: string) => {
    held.get(photoId)?.();
    held.delete(photoId);
  };
  return {
    hold: ({ photoId }: Upload) => held.set(photoId, () => undefined),
    at: async (key: string): Promise<void> => {
      const photoId = [...held.keys()].find((id) => key.includes(id) && key.endsWith('/thumb'));
      if (photoId === undefined) return;
      arrived.add(photoId);
      await new Promise<void>((resolve) => held.set(photoId, resolve));
    },
    hasArrived: ({ photoId }: Upload) => eventually(() => expect(arrived).toContain(photoId)),
    open: ({ photoId }: Upload) => open(photoId),
    openAll: () => {
      for (const photoId of [...held.keys()]) open(photoId);
    },
  };
}

describeWithPostgres('uploads of an import', () => {
  let ground: Ground;
  let worker: Worker;
  let watched: Watched;
  let gate: ReturnType<typeof createGate>;
  beforeAll(async () => {
    ground = await createGround();
  });
  afterAll(() => ground.remove());
  beforeEach(() => {
    watched = watchedStore();
    gate = createGate();
    watched.beforePut = gate.at;
  });
  afterEach(async () => {
    gate.openAll();
    await worker.stop();
  });

  const start = async (options: Partial<WorkerOptions> = {}) => {
    worker = await startWorker({ ground, store: watched.wrap, backgroundWaitMs: HOUR_MS, ...options });
  };
  const originals = (count: number) =>
    Promise.all(Array.from({ length: count }, () => storeOriginal(ground, jpeg)));
  const ready = async (...uploads: Upload[]) => {
    for (const { photoId } of uploads)
      await eventually(() => expect(ground.resultsOf(photoId)).toMatchObject([{ outcome: 'ready' }]));
  };
  /** The photos in the order in which their previews were stored. */
  const order = () => watched.puts.filter((key) => key.endsWith('/thumb')).map((key) => key.split('/')[2]);
  const ids = (...uploads: Upload[]) => uploads.map(({ photoId }) => photoId);
  const counted = async (name: string): Promise<number> => {
    const text = await worker.metrics.registry.getSingleMetricAsString(name);
    return Number(/^\w+ (\d+)$/m.exec(text)?.[1] ?? 0);
  };
  const handled = async (count: number) =>
    eventually(async () => expect(await ground.beingHandled('media-worker.background')).toBe(count));
  /** Whatever the worker could do at once, it has done when this photo is ready. */
  const processAnother = async () => {
    const [another] = await originals(1);
    await ground.bus.publish([uploaded(another as Upload)]);
    await ready(another as Upload);
    return another as Upload;
  };

  it('wait while fresh ones are processed, and come afterwards', async () => {
    await start();
    const [first, second, third, fresh] = (await originals(4)) as [Upload, Upload, Upload, Upload];
    gate.hold(first);
    gate.hold(fresh);
    await ground.bus.publish([importedUpload(first)]);
    await gate.hasArrived(first);
    await ground.bus.publish([second, third].map(importedUpload));
    await eventually(async () => expect(await counted('lazyphotos_media_deferred_total')).toBe(3));
    await ground.bus.publish([uploaded(fresh)]);
    // It does not wait for the imported one that was begun before.
    await gate.hasArrived(fresh);
    gate.open(first);
    await ready(first);
    await handled(1);
    const another = await processAnother();
    expect(order()).toEqual(ids(first, another));
    gate.open(fresh);
    await ready(fresh, second, third);
    expect(order().slice(0, 3)).toEqual(ids(first, another, fresh));
    expect(new Set(order().slice(3))).toEqual(new Set(ids(second, third)));
  });

  it('are processed one at a time', async () => {
    await start();
    const [first, second] = (await originals(2)) as [Upload, Upload];
    gate.hold(first);
    await ground.bus.publish([importedUpload(first)]);
    await gate.hasArrived(first);
    await ground.bus.publish([importedUpload(second)]);
    await processAnother();
    expect(await ground.beingHandled('media-worker.background')).toBe(1);
    expect(order()).not.toContain(second.photoId);
    gate.open(first);
    await ready(first, second);
  });

  it('do not wait for ever when fresh ones never end', async () => {
    await start({ backgroundWaitMs: 1 });
    const [fresh, imported, next] = (await originals(3)) as [Upload, Upload, Upload];
    gate.hold(fresh);
    await ground.bus.publish([uploaded(fresh)]);
    await gate.hasArrived(fresh);
    await ground.bus.publish([imported, next].map(importedUpload));
    await ready(imported, next);
    gate.open(fresh);
    await ready(fresh);
  });

  it('are processed once, however often they are delivered', async () => {
    await start();
    const [upload, failing] = (await originals(2)) as [Upload, Upload];
    await ground.store.delete(failing.storageKey);
    const deferred = event('media.deferred', { upload });
    await ground.bus.publish([importedUpload(upload), importedUpload(upload), deferred]);
    await ground.bus.publish([importedUpload(failing)]);
    await ready(upload);
    await eventually(() =>
      expect(ground.resultsOf(failing.photoId)).toMatchObject([{ failure: { code: 'original_missing' } }]),
    );
    await idle(worker.bus, 'media-worker.background');
    const before = await counted('lazyphotos_media_deferred_total');
    await ground.bus.publish([importedUpload(upload), importedUpload(failing), deferred]);
    await idle(worker.bus, 'media-worker.upload');
    await idle(worker.bus, 'media-worker.background');
    expect(await counted('lazyphotos_media_deferred_total')).toBe(before);
    expect(order()).toEqual(ids(upload));
    expect(ground.resultsOf(upload.photoId)).toHaveLength(1);
    expect(ground.resultsOf(failing.photoId)).toHaveLength(1);
  });

  describe('leave nothing behind when they are purged', () => {
    it('while they wait', async () => {
      await start();
      const [fresh, imported] = (await originals(2)) as [Upload, Upload];
      gate.hold(fresh);
      await ground.bus.publish([uploaded(fresh)]);
      await gate.hasArrived(fresh);
      await ground.bus.publish([importedUpload(imported)]);
      await handled(1);
      await ground.bus.publish([purged(imported)]);
      await idle(worker.bus, 'media-worker.photo');
      gate.open(fresh);
      await ready(fresh);
      await idle(worker.bus, 'media-worker.background');
      expect(await derivedOf(ground, imported)).toEqual([]);
      expect(ground.resultsOf(imported.photoId)).toEqual([]);
    });

    it('before they are delivered', async () => {
      await start();
      const [imported] = (await originals(1)) as [Upload];
      await ground.bus.publish([purged(imported)]);
      await idle(worker.bus, 'media-worker.photo');
      await ground.bus.publish([importedUpload(imported)]);
      await idle(worker.bus, 'media-worker.upload');
      expect(await counted('lazyphotos_media_deferred_total')).toBe(0);
      expect(await derivedOf(ground, imported)).toEqual([]);
    });
  });

  it('that wait when the worker stops are processed by the next one', async () => {
    await start();
    const [fresh, ...imported] = (await originals(4)) as [Upload, Upload, Upload, Upload];
    gate.hold(fresh);
    await ground.bus.publish([uploaded(fresh)]);
    await gate.hasArrived(fresh);
    await ground.bus.publish(imported.map(importedUpload));
    await eventually(async () => expect(await counted('lazyphotos_media_deferred_total')).toBe(3));
    await handled(1);
    // It does not wait until the fresh upload has ended: the one that waits is processed, and no other is begun.
    const stopped = worker.stop();
    await eventually(() => expect(order()).toHaveLength(1));
    gate.open(fresh);
    await stopped;
    expect(worker.failures).toEqual([]);
    await start();
    await ready(fresh, ...imported);
    expect(new Set(order())).toEqual(new Set(ids(fresh, ...imported)));
    expect(order()).toHaveLength(4);
  });
});

describeWithPostgres('photos of a user whose photos take very long', () => {
  let ground: Ground;
  let worker: Worker;
  beforeAll(async () => {
    ground = await createGround();
    // Every photo is slow, and the first one uses up the hour.
    worker = await startWorker({ ground, slowPhotos: { seconds: 0, secondsPerHour: 1 } });
  });
  afterAll(async () => {
    await worker.stop();
    await ground.remove();
  });

  it('wait for those of others, as imports do', async () => {
    const process = async (userId?: string) => {
      const upload = await storeOriginal(ground, jpeg, 'image/jpeg', userId);
      await ground.bus.publish([uploaded(upload)]);
      await eventually(() => expect(ground.resultsOf(upload.photoId)).toMatchObject([{ outcome: 'ready' }]));
      const text = await worker.metrics.registry.getSingleMetricAsString('lazyphotos_media_deferred_total');
      return { userId: upload.userId, deferred: Number(/ (\d+)$/m.exec(text)?.[1]) };
    };
    const first = await process();
    expect(first.deferred).toBe(0);
    expect((await process(first.userId)).deferred).toBe(1);
    expect((await process()).deferred).toBe(1);
  });
});
