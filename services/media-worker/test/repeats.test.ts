import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { StorageUnavailableError } from '@lazyphotos/object-storage';
import { describeWithPostgres, eventually, refuseWrites } from '@lazyphotos/testkit';
import sharp from 'sharp';
import {
  createGround,
  derivedOf,
  type Ground,
  idle,
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

describeWithPostgres('the worker', () => {
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
  afterEach(() => worker.stop());
  afterAll(() => ground.remove());

  const ready = (upload: Upload) =>
    eventually(() => expect(ground.resultsOf(upload.photoId)).toMatchObject([{ outcome: 'ready' }]));
  const quiet = async () => {
    await idle(worker.bus, 'media-worker.upload');
    await idle(worker.bus, 'media-worker.photo');
  };
  const attemptsOf = async ({ photoId }: Upload): Promise<number> => {
    const { rows } = await worker.pool.query('SELECT attempts FROM media_jobs WHERE photo_id = $1', [
      photoId,
    ]);
    return rows[0]?.attempts;
  };

  it('does nothing again when an upload is delivered again', async () => {
    const upload = await storeOriginal(ground, jpeg);
    await ground.bus.publish([uploaded(upload)]);
    await ready(upload);
    await ground.bus.publish([uploaded(upload), uploaded(upload)]);
    await quiet();
    expect(watched.puts).toHaveLength(2);
    expect(watched.reads).toBe(1);
    await ready(upload);
  });

  it('works once when an upload is delivered twice at the same time', async () => {
    const upload = await storeOriginal(ground, jpeg);
    watched.beforePut = () =>
      eventually(async () => expect(await ground.beingHandled('media-worker.upload')).toBe(2));
    await ground.bus.publish([uploaded(upload), uploaded(upload)]);
    await ready(upload);
    await quiet();
    expect(watched.reads).toBe(1);
    expect(await attemptsOf(upload)).toBe(1);
  });

  it('remembers a failure, too', async () => {
    const upload = await storeOriginal(ground, Buffer.from('no picture at all'));
    await ground.bus.publish([uploaded(upload)]);
    await eventually(() => expect(ground.resultsOf(upload.photoId)).toHaveLength(1));
    await ground.bus.publish([uploaded(upload)]);
    await quiet();
    expect(watched.reads).toBe(1);
    expect(ground.resultsOf(upload.photoId)).toHaveLength(1);
  });

  it('tries again when the store fails, and the photo is ready in the end', async () => {
    let faults = 2;
    watched.beforePut = async (key) => {
      if (key.endsWith('/medium') && faults-- > 0) throw new StorageUnavailableError('the disk is away');
    };
    const upload = await storeOriginal(ground, jpeg);
    await ground.bus.publish([uploaded(upload)]);
    await ready(upload);
    await quiet();
    expect(worker.failures).toHaveLength(2);
    expect(await derivedOf(ground, upload)).toEqual(['medium', 'thumb']);
    // A fault of the machine is not held against the photo.
    expect(await attemptsOf(upload)).toBe(1);
  });

  it.each([
    { table: 'outbox_messages', at: 'statement' },
    { table: 'outbox_messages', at: 'commit' },
    { table: 'media_jobs', at: 'statement', when: "new.state = 'ready'" },
    { table: 'media_jobs', at: 'commit', when: "new.state = 'ready'" },
  ] as const)(
    'stores outcome and event together or not at all: $table refuses, at its $at',
    async (refused) => {
      const upload = await storeOriginal(ground, jpeg);
      await refuseWrites(worker.pool, refused, async () => {
        await ground.bus.publish([uploaded(upload)]);
        await eventually(() => expect(worker.failures.length).toBeGreaterThan(1));
        const { rows } = await worker.pool.query(
          `SELECT state, (SELECT count(*)::int FROM outbox_messages) AS events FROM media_jobs WHERE photo_id = $1`,
          [upload.photoId],
        );
        expect(rows).toEqual([{ state: 'pending', events: 0 }]);
        expect(ground.resultsOf(upload.photoId)).toEqual([]);
      });
      await ready(upload);
      await quiet();
      // It is not held against the photo.
      expect(await attemptsOf(upload)).toBe(1);
      expect(ground.resultsOf(upload.photoId)).toHaveLength(1);
    },
  );

  describe('leaves nothing of a photo that is purged', () => {
    it('before it is processed', async () => {
      const upload = await storeOriginal(ground, jpeg);
      await ground.bus.publish([purged(upload)]);
      await quiet();
      await ground.bus.publish([uploaded(upload)]);
      await quiet();
      expect(watched.puts).toEqual([]);
      expect(await derivedOf(ground, upload)).toEqual([]);
      expect(ground.resultsOf(upload.photoId)).toEqual([]);
    });

    it.each(['thumb', 'medium'])('while it is processed, before its %s is stored', async (variant) => {
      const upload = await storeOriginal(ground, jpeg);
      watched.beforePut = async (key) => {
        if (!key.endsWith(`/${variant}`)) return;
        await ground.bus.publish([purged(upload)]);
        await idle(worker.bus, 'media-worker.photo');
      };
      await ground.bus.publish([uploaded(upload)]);
      await quiet();
      expect(watched.puts).toHaveLength(2);
      expect(await derivedOf(ground, upload)).toEqual([]);
      expect(ground.resultsOf(upload.photoId)).toEqual([]);
    });

    it('while it is processed, when that is then cut short', async () => {
      const upload = await storeOriginal(ground, jpeg);
      watched.beforePut = async (key) => {
        if (key.endsWith('/thumb')) {
          await ground.bus.publish([purged(upload)]);
          await idle(worker.bus, 'media-worker.photo');
        } else throw new StorageUnavailableError('the disk is away');
      };
      await ground.bus.publish([uploaded(upload)]);
      await quiet();
      expect(watched.puts).toHaveLength(1);
      expect(await derivedOf(ground, upload)).toEqual([]);
    });

    it('while its original is being deleted', async () => {
      const upload = await storeOriginal(ground, jpeg);
      await ground.bus.publish([uploaded(upload), purged(upload)]);
      await ground.store.delete(upload.storageKey);
      await quiet();
      expect(await derivedOf(ground, upload)).toEqual([]);
    });

    it('afterwards, also when it is delivered again', async () => {
      const upload = await storeOriginal(ground, jpeg);
      await ground.bus.publish([uploaded(upload)]);
      await ready(upload);
      expect(await derivedOf(ground, upload)).toEqual(['medium', 'thumb']);
      await ground.bus.publish([purged(upload), purged(upload)]);
      await quiet();
      expect(await derivedOf(ground, upload)).toEqual([]);
      await ground.bus.publish([uploaded(upload)]);
      await quiet();
      expect(await derivedOf(ground, upload)).toEqual([]);
    });
  });

  describe('that is stopped', () => {
    it('finishes what is in flight', async () => {
      let release: () => void = () => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      let waiting = false;
      watched.beforePut = () => {
        waiting = true;
        return released;
      };
      const upload = await storeOriginal(ground, jpeg);
      const later = await storeOriginal(ground, jpeg);
      await ground.bus.publish([uploaded(upload)]);
      await eventually(() => expect(waiting).toBe(true));
      const stopped = worker.stop();
      await eventually(() => expect(worker.isDraining()).toBe(true));
      await ground.bus.publish([uploaded(later)]);
      release();
      await stopped;
      expect(worker.failures).toEqual([]);
      expect(await derivedOf(ground, upload)).toEqual(['medium', 'thumb']);
      expect(ground.resultsOf(later.photoId)).toEqual([]);

      const next = watchedStore();
      const successor = await startWorker({ ground, store: next.wrap });
      await ready(upload);
      await ready(later);
      expect(next.reads).toBe(1);
      await successor.stop();
    });
  });
});
