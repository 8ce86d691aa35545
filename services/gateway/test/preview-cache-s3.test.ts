import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { ObjectStore } from '@lazyphotos/object-storage';
import {
  describeWithServers,
  eventually,
  type FaultProxy,
  startFaultProxy,
  startMinio,
  startTcpProxy,
  type TestMinio,
} from '@lazyphotos/testkit';
import fc from 'fast-check';
import { type Bucket, createBucket } from './bucket.js';
import { createGround, type Gateway, type Ground, startGateway } from './harness.js';
import { type Picture, type PictureOptions, storePicture } from './pictures.js';

const MB = 1_000_000;
/** For how long a version counts as current. */
const FRESH_MS = 1000;

describeWithServers(['postgres', 'minio'], 'previews in the memory of two gateways with S3', () => {
  let minio: TestMinio;
  let bucket: Bucket;
  let ground: Ground;
  /** The media worker's way to the server. */
  let store: ObjectStore;
  let replicas: { gateway: Gateway; proxy: FaultProxy }[];
  let one: Gateway;
  let proxy: FaultProxy;
  /** By which both gateways age what they keep. */
  let clock = 0;

  const startReplica = async () => {
    const inFront = await startFaultProxy(minio.endpoint);
    const gateway = await startGateway({
      ground,
      settings: { previewCacheBytes: MB },
      monotonicNow: () => clock,
      store: () => bucket.open(inFront.url),
    });
    return { gateway, proxy: inFront };
  };
  beforeAll(async () => {
    minio = await startMinio();
    bucket = await createBucket(minio);
    ground = await createGround();
    store = bucket.open();
    replicas = [await startReplica(), await startReplica()];
    [{ gateway: one, proxy }] = replicas as [(typeof replicas)[0]];
  });
  afterAll(async () => {
    for (const replica of replicas) {
      await replica.gateway.stop();
      await replica.proxy.close();
    }
    await bucket.remove();
    await ground.remove();
    await minio.stop();
  });
  beforeEach(() => {
    clock += 10 * FRESH_MS;
  });

  const put = (options?: PictureOptions) =>
    storePicture({ store, mediaUrls: one.mediaUrls }, { variant: 'thumb', ...options });
  const keyOf = ({ userId, photoId }: Picture, variant = 'thumb') =>
    `derived/${userId}/${photoId}/${variant}`;
  const replace = (picture: Picture, bytes: Buffer) =>
    store.put(keyOf(picture), bytes, { contentType: 'image/webp' });
  const askedFor = (picture: Picture, variant = 'thumb') => {
    const path = `/${bucket.name}/${keyOf(picture, variant)}`;
    return { get: proxy.count(`GET ${path}`), head: proxy.count(`HEAD ${path}`) };
  };
  const fromBoth = (picture: Picture, request?: Parameters<Gateway['call']>[1]) =>
    Promise.all(replicas.map(({ gateway }) => gateway.call(picture.url, request)));

  it('are read once, and asked for by one request to the store after each second, whatever clients want of them', async () => {
    const picture = await put();
    const requests = [
      {},
      {},
      { method: 'HEAD' },
      { headers: { 'if-none-match': `"${picture.sha256}"` } },
      { headers: { range: 'bytes=10-19' } },
      { headers: { range: 'bytes=-5' } },
    ];
    for (const questions of [0, 1, 2]) {
      for (const request of requests) expect((await one.call(picture.url, request)).status).toBeLessThan(400);
      expect(askedFor(picture)).toEqual({ get: 1, head: questions });
      clock += FRESH_MS - 1;
      expect((await one.call(picture.url)).bytes.equals(picture.bytes)).toBe(true);
      expect(askedFor(picture)).toEqual({ get: 1, head: questions });
      clock += 1;
    }
  });

  it('are the new ones in each gateway a second after they were made again', async () => {
    const picture = await put();
    await fromBoth(picture);
    for (const bytes of [randomBytes(10_000), randomBytes(10_000), randomBytes(500)]) {
      await replace(picture, bytes);
      clock += FRESH_MS;
      const headers = { 'if-none-match': `"${picture.sha256}"` };
      for (const reply of await fromBoth(picture, { headers })) {
        expect(reply.status).toBe(200);
        expect(reply.headers.get('content-type')).toBe('image/webp');
        expect(reply.bytes.equals(bytes)).toBe(true);
      }
    }
  });

  it('are gone in each gateway a second after they were purged, for every kind of request', async () => {
    const etagOf = ({ sha256 }: Picture) => `"${sha256}"`;
    for (const requestFor of [
      () => ({}),
      () => ({ method: 'HEAD' }),
      (picture: Picture) => ({ headers: { 'if-none-match': etagOf(picture) } }),
      () => ({ headers: { range: 'bytes=0-1' } }),
    ]) {
      const picture = await put();
      await fromBoth(picture);
      await store.delete(keyOf(picture));
      clock += FRESH_MS;
      for (const reply of await fromBoth(picture, requestFor(picture))) expect(reply.status).toBe(404);
    }
  });

  it('are versions that were current within the second before the request, in any order of reads, new previews and purges', async () => {
    const step = fc.record({
      isPurge: fc.boolean(),
      readers: fc.integer({ min: 0, max: 3 }),
      laterMs: fc.constantFrom(0, 400, 700, FRESH_MS),
    });
    const delays = fc.infiniteStream(fc.integer({ min: 0, max: 6 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), delays, async (steps, ticks) => {
        const picture = await put();
        const pause = async () => {
          for (let left = ticks.next().value ?? 0; left > 0; left -= 1) await setImmediate();
        };
        /** Each with the time at which the next one was acknowledged. */
        const versions: { bytes: Buffer | undefined; endedAt: number }[] = [
          { bytes: picture.bytes, endedAt: Number.POSITIVE_INFINITY },
        ];
        const read = async () => {
          await pause();
          const oldest = clock - FRESH_MS;
          const possible = versions.filter(({ endedAt }) => endedAt > oldest);
          const before = possible[0] as (typeof versions)[0];
          const { status, bytes } = await one.call(picture.url);
          const seen = versions.slice(versions.indexOf(before));
          expect(seen.some((version) => (version.bytes ? bytes.equals(version.bytes) : status === 404))).toBe(
            true,
          );
        };
        const readers: Promise<void>[] = [];
        for (const { isPurge, readers: count, laterMs } of steps) {
          for (let started = 0; started < count; started += 1) readers.push(read());
          const last = versions.at(-1) as (typeof versions)[0];
          const bytes = isPurge ? undefined : randomBytes(100);
          versions.push({ bytes, endedAt: Number.POSITIVE_INFINITY });
          if (bytes) await replace(picture, bytes);
          else await store.delete(keyOf(picture));
          last.endedAt = clock;
          clock += laterMs;
          await pause();
        }
        await Promise.all(readers);
        await read();
        clock += FRESH_MS;
        await read();
      }),
      { numRuns: 12 },
    );
  });

  it('are asked for once by requests that come together, and again by one that comes a second later', async () => {
    const picture = await put();
    await one.call(picture.url);
    clock += FRESH_MS;
    const { promise, resolve: open } = Promise.withResolvers<void>();
    const path = `/${bucket.name}/${keyOf(picture)}`;
    proxy.fail({ on: `HEAD ${path}`, effect: { until: promise } });
    const early = Array.from({ length: 10 }, () => one.call(picture.url));
    await eventually(() => expect(askedFor(picture).head).toBe(1));
    // All of them have come: the gateway answers this one after it has read the others.
    await one.call('/health');
    await store.delete(keyOf(picture));
    clock += FRESH_MS;
    expect((await one.call(picture.url)).status).toBe(404);
    open();
    for (const { status } of await Promise.all(early)) expect(status).toBe(404);
    // One for all that were early, and one for the late one.
    expect(askedFor(picture).head).toBe(2);
  });

  it('that have been under way for a second are asked for by a request that comes then', async () => {
    const picture = await put();
    const { promise, resolve: open } = Promise.withResolvers<void>();
    proxy.fail({ on: `GET /${bucket.name}/${keyOf(picture)}`, effect: { until: promise } });
    const early = [one.call(picture.url), one.call(picture.url)];
    await eventually(() => expect(askedFor(picture).get).toBe(1));
    await one.call('/health');
    clock += FRESH_MS;
    const late = one.call(picture.url);
    await one.call('/health');
    open();
    for (const { bytes } of await Promise.all([...early, late]))
      expect(bytes.equals(picture.bytes)).toBe(true);
    expect(askedFor(picture)).toEqual({ get: 1, head: 1 });
  });

  it('are not sent while the store cannot be asked, and are still in memory when it is back', async () => {
    const way = await startTcpProxy(minio.endpoint);
    const reads: string[] = [];
    const gateway = await startGateway({
      ground,
      settings: { previewCacheBytes: MB },
      monotonicNow: () => clock,
      store: () => {
        const real = bucket.open(way.endpoint);
        return {
          ...real,
          get: (key, range) => {
            reads.push(key);
            return real.get(key, range);
          },
        };
      },
    });
    try {
      const picture = await put();
      await gateway.call(picture.url);
      await way.cut();
      expect((await gateway.call(picture.url)).bytes.equals(picture.bytes)).toBe(true);
      clock += FRESH_MS;
      for (const request of [{}, { headers: { 'if-none-match': `"${picture.sha256}"` } }]) {
        const reply = await gateway.call(picture.url, request);
        expect(reply).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
        expect(reply.headers.get('retry-after')).not.toBeNull();
      }
      await way.mend();
      expect((await gateway.call(picture.url)).bytes.equals(picture.bytes)).toBe(true);
      expect(reads).toEqual([keyOf(picture)]);
    } finally {
      await gateway.stop();
      await way.cut();
    }
  });

  it('never take more memory than they may; a large one is read for those who want all of it', async () => {
    const large = await put({ variant: 'medium', bytes: randomBytes(200_000) });
    const unchanged = { 'if-none-match': `"${large.sha256}"` };
    expect((await one.call(large.url)).bytes.equals(large.bytes)).toBe(true);
    expect((await one.call(large.url, { headers: unchanged })).status).toBe(304);
    const part = await one.call(large.url, { headers: { range: 'bytes=10-19' } });
    expect(part.bytes.equals(large.bytes.subarray(10, 20))).toBe(true);
    expect(askedFor(large, 'medium')).toEqual({ get: 2, head: 1 });
    for (let count = 0; count < 50; count += 1)
      await one.call((await put({ bytes: randomBytes(30_000) })).url);
    const metrics = await one.metrics.registry.metrics();
    const taken = Number(/^lazyphotos_preview_cache_bytes (\d+)$/m.exec(metrics)?.[1]);
    expect(taken).toBeGreaterThan(0.9 * MB);
    expect(taken).toBeLessThanOrEqual(MB);
  });

  it('whose bytes are not those of their hash are neither sent nor kept', async () => {
    const picture = await put();
    const metadata = { sha256: picture.sha256 };
    await store.put(keyOf(picture), randomBytes(10_000), { contentType: 'image/jpeg', metadata });
    for (let count = 0; count < 2; count += 1) expect((await one.call(picture.url)).status).toBe(404);
    expect(askedFor(picture).get).toBe(2);
  });
});
