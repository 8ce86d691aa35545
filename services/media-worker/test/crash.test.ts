import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { StorageUnavailableError } from '@lazyphotos/object-storage';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import sharp from 'sharp';
import {
  createGround,
  derivedOf,
  type Ground,
  idle,
  importedUpload,
  purged,
  RETRY,
  startWorker,
  storeOriginal,
  uploaded,
} from './harness.js';
import { watchedStore } from './watched-store.js';

const CHILD = fileURLToPath(new URL('./crash-child.mjs', import.meta.url));
const jpeg = await sharp({ create: { width: 640, height: 480, channels: 3, background: '#654321' } })
  .jpeg()
  .toBuffer();

describeWithPostgres('a worker that is killed', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await createGround();
  });
  afterAll(() => ground.remove());

  /** Runs a worker in a process of its own until it touches an object, and kills it there. Resolves to the key of the object. */
  const killAt = async (hangAt: 'original' | 'thumb' | 'medium'): Promise<string> => {
    const { url, busUrl, root, scratch } = ground;
    const task = JSON.stringify({ url, busUrl, root, scratch, hangAt, retry: RETRY });
    const child = spawn(process.execPath, [CHILD, task], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGKILL');
    await exited;
    return line.toString().trim();
  };

  it('in the middle of a photo leaves it to the next one, which finishes it', async () => {
    const upload = await storeOriginal(ground, jpeg);
    await ground.bus.publish([uploaded(upload)]);
    expect(await killAt('medium')).toMatch(upload.photoId);
    expect(await derivedOf(ground, upload)).toEqual(['thumb']);
    const worker = await startWorker({ ground });
    await eventually(() =>
      expect(ground.resultsOf(upload.photoId)).toMatchObject([{ outcome: 'ready', run: 1 }]),
    );
    expect(await derivedOf(ground, upload)).toEqual(['medium', 'thumb']);
    // It may be the cause, so it must not end this process as well.
    expect(await worker.metrics.registry.metrics()).toMatch(
      /^lazyphotos_media_tool_starts_total\{tool="decoder"\} 1$/m,
    );
    await worker.stop();
  });

  it('in the middle of a photo of an import leaves it to the next one, too, with those behind it', async () => {
    const [first, second] = [await storeOriginal(ground, jpeg), await storeOriginal(ground, jpeg)];
    await ground.bus.publish([importedUpload(first), importedUpload(second)]);
    await killAt('medium');
    const worker = await startWorker({ ground });
    for (const { photoId } of [first, second])
      await eventually(() => expect(ground.resultsOf(photoId)).toMatchObject([{ outcome: 'ready', run: 1 }]));
    await worker.stop();
  });

  it('while the photo is purged leaves nothing of it behind', async () => {
    const upload = await storeOriginal(ground, jpeg);
    await ground.bus.publish([uploaded(upload)]);
    await killAt('medium');
    await ground.bus.publish([purged(upload)]);
    const worker = await startWorker({ ground });
    await idle(worker.bus, 'media-worker.photo');
    await idle(worker.bus, 'media-worker.upload');
    expect(await derivedOf(ground, upload)).toEqual([]);
    await worker.stop();
  });

  it('five times by the same photo gives it up, and continues with others', async () => {
    const killer = await storeOriginal(ground, jpeg);
    await ground.bus.publish([uploaded(killer)]);
    for (const _ of [1, 2, 3, 4, 5]) expect(await killAt('original')).toBe(killer.storageKey);
    const watched = watchedStore();
    const worker = await startWorker({ ground, store: watched.wrap });
    await eventually(() =>
      expect(ground.resultsOf(killer.photoId)).toMatchObject([
        { outcome: 'failed', failure: { code: 'processor_crashed' }, previews: [] },
      ]),
    );
    expect(watched.reads).toBe(0);
    expect((await ground.store.head(killer.storageKey)).size).toBe(jpeg.length);

    const innocent = await storeOriginal(ground, jpeg);
    await ground.bus.publish([uploaded(innocent)]);
    await eventually(() => expect(ground.resultsOf(innocent.photoId)).toMatchObject([{ outcome: 'ready' }]));
    await worker.stop();
  });

  it('five times by the repeat of a ready photo leaves it ready, and tries again the next day at the earliest', async () => {
    const upload = await storeOriginal(ground, jpeg);
    const watched = watchedStore();
    const first = await startWorker({ ground, store: watched.wrap, backgroundWaitMs: 0 });
    await ground.bus.publish([uploaded(upload)]);
    await eventually(() => expect(ground.resultsOf(upload.photoId)).toHaveLength(1));
    const lost = join(ground.root, 'objects/derived', upload.userId, upload.photoId, 'thumb');
    await rm(lost);
    watched.beforeRead = async () => {
      throw new StorageUnavailableError('the disk is away');
    };
    await first.service.api.remakePreviews(upload);
    await eventually(() => expect(first.failures).not.toEqual([]));
    await first.stop();
    for (const _ of [1, 2, 3, 4, 5]) expect(await killAt('original')).toBe(upload.storageKey);

    let hours = 0;
    const now = () => new Date(Date.now() + hours * 3_600_000);
    const next = watchedStore();
    const worker = await startWorker({ ground, store: next.wrap, backgroundWaitMs: 0, now });
    await eventually(async () =>
      expect(await worker.metrics.registry.metrics()).toMatch(
        /^lazyphotos_media_remakes_failed_total\{outcome="processor_crashed"\} 1$/m,
      ),
    );
    hours = 23;
    await worker.service.api.remakePreviews(upload);
    await idle(worker.bus, 'media-worker.background');
    expect(next.reads).toBe(0);
    expect(ground.resultsOf(upload.photoId)).toMatchObject([{ outcome: 'ready', run: 1 }]);
    hours = 25;
    await worker.service.api.remakePreviews(upload);
    await eventually(() =>
      expect(ground.resultsOf(upload.photoId)).toMatchObject([{ run: 1 }, { outcome: 'ready', run: 3 }]),
    );
    await worker.stop();
  });
});
