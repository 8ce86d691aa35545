import { createHash } from 'node:crypto';
import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeWithPostgres, eventually, type LogLine, recordingLogger } from '@lazyphotos/testkit';
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

const MINUTE_MS = 60_000;
const jpeg = await sharp({ create: { width: 640, height: 480, channels: 3, background: '#135790' } })
  .jpeg()
  .toBuffer();

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
type Variant = 'thumb' | 'medium';

describeWithPostgres('previews that a power cut has taken', () => {
  let ground: Ground;
  let worker: Worker;
  let watched: Watched;
  let laterMs: number;
  let lines: LogLine[];
  // Each test has its own: a start looks at the times of all photos in the ledger.
  beforeEach(async () => {
    laterMs = 0;
    ground = await createGround();
  });
  afterEach(async () => {
    await worker.stop();
    await ground.remove();
  });

  const start = async () => {
    watched = watchedStore();
    const recorded = recordingLogger();
    lines = recorded.lines;
    worker = await startWorker({
      ground,
      logger: recorded.logger,
      store: watched.wrap,
      backgroundWaitMs: 0,
      now: () => new Date(Date.now() + laterMs),
    });
  };
  const filesOf = ({ userId, photoId }: Upload, variant: Variant) => ({
    data: join(ground.root, 'objects/derived', userId, photoId, variant),
    sidecar: join(ground.root, 'meta/derived', userId, photoId, `${variant}+.json`),
  });
  const outcomesOf = ({ photoId }: Upload) =>
    ground.resultsOf(photoId).map(({ outcome, run }) => [run, outcome]);
  const processed = async (bytes = jpeg): Promise<Upload> => {
    const upload = await storeOriginal(ground, bytes);
    await ground.bus.publish([uploaded(upload)]);
    await eventually(() => expect(ground.resultsOf(upload.photoId)).toHaveLength(1));
    return upload;
  };
  const hashesOf = async (upload: Upload) => ({
    thumb: sha256(await readFile(filesOf(upload, 'thumb').data)),
    medium: sha256(await readFile(filesOf(upload, 'medium').data)),
  });
  const ask = (upload: Upload) => worker.service.api.remakePreviews(upload);
  const quiet = () => idle(worker.bus, 'media-worker.background');
  /** The bytes, their hash and their attributes are those that were lost. */
  const expectWhole = async (upload: Upload, hashes: Record<Variant, string>) => {
    for (const variant of ['thumb', 'medium'] as const) {
      const key = `derived/${upload.userId}/${upload.photoId}/${variant}`;
      const { info, body } = await ground.store.get(key);
      expect(sha256(await buffer(body))).toBe(hashes[variant]);
      expect(info).toMatchObject({ etag: hashes[variant], contentType: 'image/jpeg' });
      expect(info.isDamaged).toBeUndefined();
    }
  };

  const damages: Record<string, (files: { data: string; sidecar: string }) => Promise<void>> = {
    missing: async ({ data, sidecar }) => {
      await rm(data);
      await rm(sidecar);
    },
    'missing but for its attributes': ({ data }) => rm(data),
    empty: ({ data }) => truncate(data),
    truncated: ({ data }) => truncate(data, 200),
    'without attributes': ({ sidecar }) => rm(sidecar),
    'beside empty attributes': ({ sidecar }) => truncate(sidecar),
    'zeros of the same size': async ({ data }) => writeFile(data, Buffer.alloc((await stat(data)).size)),
  };

  describe('are made again when they are asked for', () => {
    beforeEach(start);

    it.each(Object.keys(damages))('%s', async (damage) => {
      const upload = await processed();
      const hashes = await hashesOf(upload);
      await damages[damage]?.(filesOf(upload, damage === 'empty' ? 'medium' : 'thumb'));
      await ask(upload);
      await eventually(() => expect(outcomesOf(upload)).toContainEqual([2, 'ready']));
      await expectWhole(upload, hashes);
      expect(await worker.metrics.registry.metrics()).toMatch(/^lazyphotos_media_previews_lost_total 1$/m);
    });

    it('once for many requests, and again after five minutes', async () => {
      const upload = await processed();
      const lose = () => rm(filesOf(upload, 'thumb').data);
      await lose();
      await Promise.all(Array.from({ length: 20 }, () => ask(upload)));
      await eventually(() => expect(outcomesOf(upload)).toHaveLength(2));
      await lose();
      laterMs = 4 * MINUTE_MS;
      await ask(upload);
      await quiet();
      expect(watched.reads).toBe(2);
      laterMs = 6 * MINUTE_MS;
      await ask(upload);
      await eventually(() => expect(outcomesOf(upload)).toContainEqual([3, 'ready']));
      expect(watched.reads).toBe(3);
    });

    describe('and where that fails', () => {
      const originalOf = ({ storageKey }: Upload) => join(ground.root, 'objects', storageKey);

      it('the photo stays ready with what it has, and they are made again later', async () => {
        const upload = await processed();
        const hashes = await hashesOf(upload);
        await rm(filesOf(upload, 'thumb').data);
        const original = await readFile(originalOf(upload));
        await writeFile(originalOf(upload), Buffer.alloc(original.length));
        await ask(upload);
        await eventually(async () =>
          expect(await worker.metrics.registry.metrics()).toMatch(
            /^lazyphotos_media_remakes_failed_total\{outcome="undecodable"\} 1$/m,
          ),
        );
        expect(lines).toContainEqual(
          expect.objectContaining({
            level: 'warn',
            message: 'lost previews could not be made again',
            fields: expect.objectContaining({
              photoId: upload.photoId,
              outcome: 'undecodable',
              reason: expect.any(String),
            }),
          }),
        );
        expect(sha256(await readFile(filesOf(upload, 'medium').data))).toBe(hashes.medium);

        await writeFile(originalOf(upload), original);
        laterMs = 4 * MINUTE_MS;
        await ask(upload);
        await quiet();
        expect(watched.reads).toBe(2);
        expect(outcomesOf(upload)).toEqual([[1, 'ready']]);

        laterMs = 6 * MINUTE_MS;
        await ask(upload);
        await eventually(() => expect(outcomesOf(upload)).toContainEqual([3, 'ready']));
        await expectWhole(upload, hashes);
        expect(outcomesOf(upload)).toHaveLength(2);
      });

      it('because the original goes meanwhile, too', async () => {
        const upload = await processed();
        await rm(filesOf(upload, 'thumb').data);
        watched.beforeRead = (key) => ground.store.delete(key);
        await ask(upload);
        await eventually(() =>
          expect(lines).toContainEqual(
            expect.objectContaining({
              message: 'lost previews could not be made again',
              fields: expect.objectContaining({ outcome: 'original_missing' }),
            }),
          ),
        );
        await quiet();
        expect(outcomesOf(upload)).toEqual([[1, 'ready']]);
        expect((await stat(filesOf(upload, 'medium').data)).size).toBeGreaterThan(0);
      });

      it('because the photo is purged meanwhile, nothing of it is left', async () => {
        const upload = await processed();
        await rm(filesOf(upload, 'thumb').data);
        watched.beforeRead = async () => {
          await writeFile(originalOf(upload), 'no picture at all');
          await ground.bus.publish([purged(upload)]);
          await idle(worker.bus, 'media-worker.photo');
        };
        await ask(upload);
        await eventually(() => expect(watched.reads).toBe(2));
        await quiet();
        expect(await derivedOf(ground, upload)).toEqual([]);
        expect(lines).not.toContainEqual(
          expect.objectContaining({ message: 'lost previews could not be made again' }),
        );
      });
    });

    it('but whole ones are not, nor those of photos that have none', async () => {
      const whole = await processed();
      const failed = await processed(Buffer.from('no picture at all'));
      const unknown = await storeOriginal(ground, jpeg);
      const foreign = { ...whole, userId: unknown.userId };
      for (const upload of [whole, failed, unknown, foreign]) await ask(upload);
      await quiet();
      expect(watched.reads).toBe(2);
      expect(outcomesOf(whole)).toEqual([[1, 'ready']]);
      expect(outcomesOf(failed)).toEqual([[1, 'failed']]);
    });

    it('but nothing of a purged photo is', async () => {
      const upload = await processed();
      await ground.bus.publish([purged(upload)]);
      await eventually(() => expect(readFile(filesOf(upload, 'thumb').data)).rejects.toThrow('ENOENT'));
      await idle(worker.bus, 'media-worker.photo');
      await ask(upload);
      await quiet();
      expect(watched.reads).toBe(1);
      await expect(hashesOf(upload)).rejects.toThrow('ENOENT');
    });

    it('but a photo whose original is not there keeps what it has', async () => {
      const upload = await processed();
      await ground.store.delete(upload.storageKey);
      await rm(filesOf(upload, 'thumb').data);
      await ask(upload);
      await quiet();
      expect(outcomesOf(upload)).toEqual([[1, 'ready']]);
      expect(
        (await ground.store.head(`derived/${upload.userId}/${upload.photoId}/medium`)).size,
      ).toBeGreaterThan(0);
    });
  });

  it('are found at the next start, without being asked for, by their hashes too', async () => {
    await start();
    const uploads: Upload[] = [];
    for (const _ of Object.keys(damages)) uploads.push(await processed());
    const whole = await processed();
    const hashes = await Promise.all(uploads.map(hashesOf));
    await worker.stop();
    for (const [index, damage] of Object.values(damages).entries())
      await damage(filesOf(uploads[index] as Upload, 'thumb'));
    await start();
    for (const [index, upload] of uploads.entries()) {
      await eventually(() => expect(outcomesOf(upload)).toContainEqual([2, 'ready']));
      await expectWhole(upload, hashes[index] as Record<Variant, string>);
    }
    await quiet();
    expect(outcomesOf(whole)).toEqual([[1, 'ready']]);
  });

  it('long before the last end were on the disk: a start does not look at them', async () => {
    await start();
    const old = await processed();
    laterMs = 10 * MINUTE_MS;
    const last = await processed();
    await worker.stop();
    for (const upload of [old, last]) await rm(filesOf(upload, 'thumb').data);
    await start();
    await eventually(() => expect(outcomesOf(last)).toContainEqual([2, 'ready']));
    await quiet();
    expect(outcomesOf(old)).toEqual([[1, 'ready']]);
  });
});
