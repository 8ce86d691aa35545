import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { previewSizes } from '@lazyphotos/contracts';
import { describeWithPostgres, eventually, http, recordingLogger, samplePhotos } from '@lazyphotos/testkit';
import sharp from 'sharp';
import {
  createGround,
  derivedOf,
  type Ground,
  idle,
  RETRY,
  type Result,
  startWorker,
  storeOriginal,
  type Upload,
  uploaded,
  type Worker,
} from './harness.js';
import { withLongText } from './pipeline/support.js';

/** A few of each kind; every single one is the business of the pipeline's own tests. */
const samples = ['good/jpeg', 'good/png', 'good/webp', 'good/heic'].flatMap((folder) =>
  samplePhotos().folder(folder).slice(0, 3),
);
const badSamples = samplePhotos()
  .folder('bad')
  .filter(({ referenceResult }) => referenceResult === 'fail')
  .slice(0, 5);

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#775533' } });

describeWithPostgres('an uploaded photo', () => {
  let ground: Ground;
  /** Of the worker with the full disk. */
  let other: Ground;
  let worker: Worker;
  const { logger, lines } = recordingLogger();
  beforeAll(async () => {
    [ground, other] = await Promise.all([createGround(), createGround()]);
    worker = await startWorker({ ground, logger });
  });
  afterAll(async () => {
    await worker.stop();
    await Promise.all([ground.remove(), other.remove()]);
  });

  const resultOf = async (upload: Upload): Promise<Result> => {
    await ground.bus.publish([uploaded(upload)]);
    return eventually(() => {
      const [result] = ground.resultsOf(upload.photoId);
      if (!result) throw new Error('no result yet');
      return result;
    });
  };

  const previewOf = async ({ userId, photoId }: Upload, variant: string) => {
    const { info, body } = await ground.store.get(`derived/${userId}/${photoId}/${variant}`);
    const bytes = Buffer.concat(await body.toArray());
    return { info, bytes, ...(await sharp(bytes).metadata()) };
  };

  it.each(samples.map((sample) => [sample.name, sample] as const))(
    '%s gets previews of the right size',
    async (_, sample) => {
      const upload = await storeOriginal(ground, sample.path, sample.mime);
      const result = await resultOf(upload);
      expect(result).toMatchObject({ outcome: 'ready', run: 1, userId: upload.userId });
      expect(result.placeholder?.length).toBeGreaterThan(8);
      const [width, height] = [result.width ?? 0, result.height ?? 0];
      if (sample.width && sample.height && !upload.mimeType.includes('hei')) {
        expect([width, height].sort()).toEqual([sample.width, sample.height].sort());
      }
      for (const [variant, size] of Object.entries(previewSizes)) {
        const told = result.previews.find((preview) => preview.variant === variant);
        const preview = await previewOf(upload, variant);
        expect(preview).toMatchObject({ format: 'jpeg', width: told?.width, height: told?.height });
        expect(told?.sizeBytes).toBe(preview.bytes.length);
        expect(preview.info.contentType).toBe('image/jpeg');
        expect(Math.max(preview.width, preview.height)).toBe(Math.min(size, Math.max(width, height)));
        expect(preview.width > preview.height).toBe(
          Math.round((width * preview.height) / height) > preview.height,
        );
        expect(preview.exif).toBeUndefined();
      }
    },
  );

  it('is described as it is displayed, with what the camera wrote', async () => {
    const bytes = await picture(800, 600)
      .withExif({
        IFD0: { Make: 'Testcam', Model: 'T1', Orientation: '6' },
        IFD2: { DateTimeOriginal: '2019:01:01 24:04:20', OffsetTimeOriginal: '+01:00' },
      })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const result = await resultOf(await storeOriginal(ground, bytes));
    expect(result).toMatchObject({
      outcome: 'ready',
      width: 600,
      height: 800,
      orientation: 6,
      capturedAt: '2018-12-31T23:04:20.000Z',
      capturedAtSource: 'exifOriginal',
    });
    expect(result.previews).toMatchObject([
      { variant: 'thumb', width: 225, height: 300 },
      { variant: 'medium', width: 600, height: 800 },
    ]);
  });

  it.each(badSamples.map((sample) => [sample.name, sample] as const))(
    '%s fails and is kept',
    async (_, sample) => {
      const upload = await storeOriginal(ground, sample.path);
      const result = await resultOf(upload);
      if (result.outcome === 'ready') return; // Part of a damaged picture may be shown.
      expect(result.failure).toEqual({
        code: expect.stringMatching(/^(undecodable|unsupported|too_large)$/),
        reason: expect.any(String),
      });
      expect(result.previews).toEqual([]);
      expect(await derivedOf(ground, upload)).toEqual([]);
      expect((await ground.store.head(upload.storageKey)).size).toBe(upload.sizeBytes);
    },
  );

  describe('that cannot be shown', () => {
    it('is failed with what could be read of it, as it would be displayed', async () => {
      const whole = await picture(900, 700)
        .withExif({ IFD0: { Make: 'Testcam' } })
        .withMetadata({ orientation: 6 })
        .jpeg()
        .toBuffer();
      const scan = whole.indexOf(Buffer.from([0xff, 0xda]));
      const result = await resultOf(await storeOriginal(ground, whole.subarray(0, scan + 4)));
      expect(result).toMatchObject({
        outcome: 'failed',
        failure: { code: 'undecodable' },
        orientation: 6,
        width: 700,
        height: 900,
        previews: [],
      });
    });

    it('because it has too many pixels is failed, and its size is reported', async () => {
      const bytes = await picture(9000, 6000).png().toBuffer();
      const result = await resultOf(await storeOriginal(ground, bytes, 'image/png'));
      expect(result).toMatchObject({ failure: { code: 'too_large' }, width: 9000, height: 6000 });
    });

    it('because its original is missing is failed', async () => {
      const upload = await storeOriginal(ground, await picture(50, 50).jpeg().toBuffer());
      await ground.store.delete(upload.storageKey);
      expect(await resultOf(upload)).toMatchObject({ failure: { code: 'original_missing' }, previews: [] });
    });
  });

  it('whose metadata take too much memory is ready without them, which is logged and counted', async () => {
    const bytes = withLongText(await picture(640, 480).png().toBuffer(), 400_000_000);
    const upload = await storeOriginal(ground, bytes, 'image/png');
    const result = await resultOf(upload);
    expect(result).toMatchObject({ outcome: 'ready', width: 640, height: 480 });
    expect(result.kind).toBeUndefined();
    expect(lines).toContainEqual({
      level: 'warn',
      message: 'metadata could not be read',
      fields: { photoId: upload.photoId, outcome: 'too_large', reason: expect.any(String) },
    });
    expect(await worker.metrics.registry.metrics()).toMatch(
      /^lazyphotos_media_metadata_unread_total\{reason="too_large"\} 1$/m,
    );
  });

  it('of absurd length is not retried for ever', async () => {
    const bytes = await picture(1_200_000, 1).png().toBuffer();
    const result = await resultOf(await storeOriginal(ground, bytes, 'image/png'));
    expect(result.width).toBeUndefined();
    expect(['ready', 'failed']).toContain(result.outcome);
  });

  it('waits while the disk is nearly full, which uses up no attempt; no copy is made then', async () => {
    const RESERVE = 1_000_000;
    let free = RESERVE / 2 - 1;
    const full = await startWorker({
      ground: other,
      retry: { ...RETRY, maxAttempts: 2 },
      store: () => ({ diskSpace: async () => ({ free, total: 2 * RESERVE }) }),
      settings: { diskReserveBytes: RESERVE },
    });
    const upload = await storeOriginal(other, await picture(40, 30).jpeg().toBuffer());
    await other.bus.publish([uploaded(upload)]);
    await eventually(() => expect(full.outcomes.length).toBeGreaterThan(2));
    expect(await derivedOf(other, upload)).toEqual([]);
    const { userId, photoId, storageKey, mimeType } = upload;
    const request = { kind: 'without-owner', userId, photoId, storageKey, mimeType } as const;
    await expect(full.service.api.makeCopy(request)).rejects.toMatchObject({
      code: 'service_unavailable',
      detail: expect.stringContaining('disk of the node is full'),
    });
    free = RESERVE / 2;
    await eventually(() => expect(other.resultsOf(upload.photoId)).toMatchObject([{ outcome: 'ready' }]));
    await eventually(() => expect(full.outcomes.at(-1)).toBe('done'));
    expect(new Set(full.outcomes)).toEqual(new Set(['postponed', 'done']));
    await full.stop();
  });

  it('waits as long as the machine cannot read it, which uses up no attempt', async () => {
    let isAway = true;
    const broken = await startWorker({
      ground: other,
      retry: { ...RETRY, maxAttempts: 2 },
      store: (real) => ({ localPath: async (key) => (isAway ? '/no/such/file' : real.localPath(key)) }),
    });
    const upload = await storeOriginal(other, await picture(40, 30).jpeg().toBuffer());
    await other.bus.publish([uploaded(upload)]);
    await eventually(() => expect(broken.outcomes.length).toBeGreaterThan(2));
    isAway = false;
    await eventually(() => expect(other.resultsOf(upload.photoId)).toMatchObject([{ outcome: 'ready' }]));
    await eventually(() => expect(broken.outcomes.at(-1)).toBe('done'));
    expect(new Set(broken.outcomes)).toEqual(new Set(['postponed', 'done']));
    // It would not be decoded in this process if an attempt had been counted.
    expect(await broken.metrics.registry.metrics()).not.toMatch(
      /^lazyphotos_media_tool_starts_total\{tool="decoder"\}/m,
    );
    await broken.stop();
  });

  it('leaves nothing in the scratch folder, and the service is well', async () => {
    await idle(worker.bus, 'media-worker.upload');
    expect(readdirSync(ground.scratch)).toEqual([]);
    expect(worker.failures).toEqual([]);
    expect(await http(`${worker.url}/health/ready`)).toMatchObject({
      status: 200,
      body: { checks: { database: 'ok', bus: 'ok', store: 'ok' } },
    });
  });
});
