import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres, eventually, recordingLogger } from '@lazyphotos/testkit';
import sharp from 'sharp';
import {
  createGround,
  derivedOf,
  type Ground,
  idle,
  startWorker,
  storeOriginal,
  uploaded,
  type Worker,
} from './harness.js';
import * as bombs from './pipeline/bomb-files.js';
import { childProcesses, isReading } from './pipeline/support.js';

const small = sharp({ create: { width: 64, height: 48, channels: 3, background: '#775533' } });
const png = await small.clone().png().toBuffer();
const jpeg = await small.clone().jpeg().toBuffer();
const longModel = bombs.pngChunk(
  'zTXt',
  Buffer.concat([Buffer.from('Model\0\0'), deflateSync(Buffer.alloc(2e7, 'a'))]),
);
/** The sides of the largest picture that is decoded by default. */
const SIDE = 16_383;
const GIGABYTE = 1e9;

const ready = { outcome: 'ready' };
/** libvips refuses such tiles. */
const damaged = { outcome: 'failed', failure: { code: 'undecodable' } };
const tooLarge = { outcome: 'failed', failure: { code: 'too_large' } };

describeWithPostgres('a file that is small and asks for gigabytes', () => {
  let ground: Ground;
  let worker: Worker;
  const { logger, lines } = recordingLogger();
  beforeAll(async () => {
    ground = await createGround();
    worker = await startWorker({
      ground,
      logger,
      settings: { maxPixels: 268_402_689, decodeMemoryBytes: 2 ** 26 },
    });
  });
  afterAll(async () => {
    await worker.stop();
    await ground.remove();
  });

  const metrics = () => worker.metrics.registry.metrics();
  const publish = async (content: Buffer, mimeType: string) => {
    const upload = await storeOriginal(ground, content, mimeType);
    await ground.bus.publish([uploaded(upload)]);
    return upload;
  };

  it.each([
    [
      'a PNG with a long text',
      'image/png',
      () => bombs.withChunks(png, bombs.longChunks.zTXt(GIGABYTE)),
      ready,
    ],
    ['a PNG with long XMP', 'image/png', () => bombs.withChunks(png, bombs.longChunks.iTXt(GIGABYTE)), ready],
    [
      'a PNG with a long profile',
      'image/png',
      () => bombs.withChunks(png, bombs.longChunks.iCCP(GIGABYTE)),
      ready,
    ],
    ['a PNG with a long name of a camera', 'image/png', () => bombs.withChunks(png, longModel), ready],
    ['an interlaced PNG', 'image/png', () => bombs.blackPng(SIDE, SIDE, { isInterlaced: true }), tooLarge],
    [
      'a PNG of long rows',
      'image/png',
      () => bombs.blackPng(80_000_000, 3, { isInterlaced: false }),
      tooLarge,
    ],
    ['a progressive JPEG', 'image/jpeg', () => bombs.jpegOfScans(SIDE, SIDE), tooLarge],
    [
      'a JPEG of three scans',
      'image/jpeg',
      () => bombs.jpegOfScans(SIDE, SIDE, { isProgressive: false }),
      tooLarge,
    ],
    ['a lossless WebP', 'image/webp', () => bombs.plainWebp(SIDE, SIDE), tooLarge],
    ['a GIF', 'image/gif', () => bombs.gifOf(SIDE, SIDE), tooLarge],
    ['a GIF of the largest size', 'image/gif', () => bombs.gifOf(65_535, 65_535), tooLarge],
    ['a TIFF of one tile', 'image/tiff', () => bombs.blackTiff(8192, 8192, { isTiled: true }), damaged],
  ])('%s gets an outcome at once, and so does the photo behind it', async (_, mimeType, make, expected) => {
    const bomb = await publish(make(), mimeType);
    const photo = await publish(jpeg, 'image/jpeg');
    await eventually(() => expect(ground.resultsOf(bomb.photoId)).toMatchObject([expected]));
    await eventually(() => expect(ground.resultsOf(photo.photoId)).toMatchObject([ready]));
    expect(await derivedOf(ground, photo)).toEqual(['medium', 'thumb']);
    expect(worker.failures).toEqual([]);
  });

  it('is counted by the limit that it ran into', async () => {
    const text = await metrics();
    expect(text).toMatch(/^lazyphotos_media_tool_starts_total\{tool="decoder"\} [1-9]/m);
    expect(text).toMatch(/^lazyphotos_media_tool_deaths_total\{tool="decoder",reason="memory"\} [1-9]/m);
    expect(text).toMatch(
      /^lazyphotos_media_tool_deaths_total\{tool="exiftool",reason="(memory|time)"\} [1-9]/m,
    );
    expect(text).toMatch(/^lazyphotos_media_processed_total\{outcome="too_large"\} [1-9]/m);
  });

  it('and whose process is killed five times fails, and the photo behind it is processed', async () => {
    const killer = await publish(bombs.jpegOfScans(2000, 2000, { emptyScans: 20_000 }), 'image/jpeg');
    await eventually(() => {
      for (const pid of childProcesses('decode-child'))
        if (isReading(pid, killer.photoId)) process.kill(pid, 'SIGKILL');
      expect(ground.resultsOf(killer.photoId)).toMatchObject([
        { outcome: 'failed', failure: { code: 'processor_crashed', reason: expect.any(String) } },
      ]);
    });
    const photo = await publish(jpeg, 'image/jpeg');
    await eventually(() => expect(ground.resultsOf(photo.photoId)).toMatchObject([ready]));
    const text = await metrics();
    expect(text).toMatch(/^lazyphotos_media_attempts_failed_total 5$/m);
    expect(text).toMatch(/^lazyphotos_media_tool_deaths_total\{tool="decoder",reason="killed"\} 5$/m);
    const deaths = lines.filter(({ message }) => message === 'an attempt to process a photo failed');
    expect(deaths.map(({ fields }) => fields)).toMatchObject(
      [1, 2, 3, 4, 5].map((attempt) => ({ photoId: killer.photoId, attempt })),
    );
  });

  it('leaves no dead letter', async () => {
    await idle(worker.bus, 'media-worker.upload');
    const depths = await worker.bus.depths();
    expect(depths.filter(({ deadLetters }) => deadLetters > 0)).toEqual([]);
  });
});
