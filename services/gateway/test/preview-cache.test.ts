import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { createGround, type Gateway, type Ground, startGateway } from './harness.js';
import { type Picture, storePicture } from './pictures.js';
import { createShared } from './shared.js';

const MB = 1_000_000;

/** Counts the reads of the store, and can hold them back. */
function watchReads() {
  const reads: string[] = [];
  const state = { gate: Promise.resolve(), fails: false, pause: async () => {} };
  const wrap = (real: ObjectStore): ObjectStore => ({
    ...real,
    head: (key) => {
      reads.push(`head ${key}`);
      return real.head(key);
    },
    get: async (key, range) => {
      reads.push(`get ${key}`);
      await state.pause();
      const opened = await real.get(key, range);
      await state.gate;
      await state.pause();
      if (!state.fails) return opened;
      opened.body.destroy();
      throw new Error('the disk is gone');
    },
  });
  return { reads, state, wrap };
}

const metricOf = async ({ metrics }: Gateway, name: string): Promise<number> => {
  const text = await metrics.registry.metrics();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
};
const lookups = (gateway: Gateway, outcome: string): Promise<number> =>
  metricOf(gateway, `lazyphotos_preview_cache_lookups_total{outcome="${outcome}"}`.replace(/[{}]/g, '\\$&'));
const cachedBytes = (gateway: Gateway): Promise<number> =>
  metricOf(gateway, 'lazyphotos_preview_cache_bytes');

const stores = [
  { exclusive: true, title: 'previews in memory, in one process with all that changes them' },
  { exclusive: false, title: 'previews in memory, beside other processes' },
];
for (const { title, exclusive } of stores) describeWithPostgres(title, () => describePreviews(exclusive));

function describePreviews(exclusive: boolean): void {
  let gateway: Gateway;
  let watched: ReturnType<typeof watchReads>;
  const start = async (previewCacheBytes = 32 * MB) => {
    watched = watchReads();
    gateway = await startGateway({ settings: { previewCacheBytes }, store: watched.wrap, exclusive });
  };
  afterEach(() => gateway.stop());

  const keyOf = ({ userId, photoId }: Picture, variant = 'thumb') =>
    `derived/${userId}/${photoId}/${variant}`;
  const replace = (picture: Picture, bytes: Buffer) =>
    gateway.store.put(keyOf(picture), bytes, { contentType: 'image/webp' });
  const thumb = () => storePicture(gateway, { variant: 'thumb' });

  it('are read once for many requests, and counted', async () => {
    await start();
    const picture = await thumb();
    for (let count = 0; count < 5; count += 1)
      expect((await gateway.call(picture.url)).bytes.equals(picture.bytes)).toBe(true);
    expect(watched.reads).toEqual([`get ${keyOf(picture)}`]);
    expect([await lookups(gateway, 'miss'), await lookups(gateway, 'hit')]).toEqual([1, 4]);
    expect(await cachedBytes(gateway)).toBeGreaterThanOrEqual(picture.bytes.length);
  });

  it('give the same responses as the store: all, HEAD, 304, parts, 416', async () => {
    await start();
    const picture = await thumb();
    const plain = await startGateway({ store: () => gateway.store });
    try {
      const requests = [
        {},
        { method: 'HEAD' },
        { method: 'HEAD', headers: { range: 'bytes=0-9' } },
        { headers: { 'if-none-match': `"${picture.sha256}"` } },
        { method: 'HEAD', headers: { 'if-none-match': '*' } },
        { headers: { 'if-none-match': '"other"' } },
        { headers: { 'if-modified-since': new Date(Date.now() + 60_000).toUTCString() } },
        { headers: { range: 'bytes=10-19' } },
        { headers: { range: 'bytes=-5' } },
        { headers: { range: 'bytes=9990-' } },
        { headers: { range: 'bytes=10000-' } },
        { headers: { range: 'bytes=0-1,5-6' } },
        { headers: { range: 'bytes=0-9', 'if-range': `"${picture.sha256}"` } },
        { headers: { range: 'bytes=0-9', 'if-range': '"other"' } },
      ];
      gateway.state.stoppedAt = Date.now();
      plain.state.stoppedAt = gateway.state.stoppedAt;
      await gateway.call(picture.url);
      watched.reads.length = 0;
      for (const request of requests) {
        const [cached, stored] = [
          await gateway.call(picture.url, request),
          await plain.call(picture.url, request),
        ];
        const headersOf = ({ headers }: typeof cached) =>
          [...headers].filter(([name]) => name !== 'x-request-id' && name !== 'date');
        expect(cached.status).toBe(stored.status);
        expect(headersOf(cached)).toEqual(headersOf(stored));
        const withoutId = ({ text }: typeof cached) => text.replace(/"requestId":"[^"]*"/, '');
        expect(withoutId(cached)).toBe(withoutId(stored));
        if (cached.status !== 416) expect(cached.bytes.equals(stored.bytes)).toBe(true);
      }
      expect(watched.reads).toEqual([]);
    } finally {
      await plain.stop();
    }
  });

  it('are logged and measured as other pictures are, under the id of their request', async () => {
    await start();
    const picture = await thumb();
    const path = picture.url.split('?')[0];
    await gateway.call(picture.url);
    for (const method of ['GET', 'HEAD']) {
      const requestId = `${method}-1`;
      const reply = await gateway.call(picture.url, { method, headers: { 'x-request-id': requestId } });
      expect(reply.headers.get('x-request-id')).toBe(requestId);
      await eventually(() =>
        expect(gateway.logs).toContainEqual(
          expect.objectContaining({
            level: 'info',
            message: 'request',
            fields: expect.objectContaining({ requestId, method, path, status: 200 }),
          }),
        ),
      );
    }
    const odd = await gateway.call(picture.url, { headers: { 'x-request-id': 'not an id' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await lookups(gateway, 'hit')).toBe(3);
    const measured = 'lazyphotos_http_request_duration_seconds_count{service="gateway",method="GET"';
    await eventually(async () =>
      expect(await gateway.metrics.registry.metrics()).toContain(
        `${measured},route="/media/{userId}/{photoId}/{variant}",status="200"} 3`,
      ),
    );
  });

  it('still need their signature', async () => {
    await start();
    const picture = await thumb();
    expect((await gateway.call(picture.url)).status).toBe(200);
    for (const url of [`${picture.url}x`, picture.url.replace(/exp=\d/, 'exp=3')])
      expect(await gateway.call(url)).toMatchObject({ status: 403, body: { code: 'invalid_signature' } });
    gateway.state.stoppedAt = Number(/exp=(\d+)/.exec(picture.url)?.[1]) * 1000;
    expect(await gateway.call(picture.url)).toMatchObject({
      status: 403,
      body: { code: 'invalid_signature' },
    });
  });

  it('are gone at once when they are purged, for every kind of request', async () => {
    await start();
    const picture = await thumb();
    await gateway.call(picture.url);
    await gateway.store.delete(keyOf(picture));
    const etag = `"${picture.sha256}"`;
    for (const request of [
      {},
      { method: 'HEAD' },
      { headers: { 'if-none-match': etag } },
      { headers: { range: 'bytes=0-1' } },
    ])
      expect((await gateway.call(picture.url, request)).status).toBe(404);
    expect(await lookups(gateway, 'stale')).toBe(exclusive ? 0 : 1);
    expect(await cachedBytes(gateway)).toBe(0);
  });

  it('take no look at the disk where the store tells of changes', async () => {
    await start();
    const picture = await thumb();
    await gateway.call(picture.url);
    await rm(join(gateway.root, 'objects', keyOf(picture)));
    expect((await gateway.call(picture.url)).status).toBe(exclusive ? 200 : 404);
  });

  it('are versions that were current during the request, in any order of reads, new previews and purges', async () => {
    await start();
    const change = fc.record({ isPurge: fc.boolean(), readers: fc.integer({ min: 0, max: 3 }) });
    const delays = fc.infiniteStream(fc.integer({ min: 0, max: 6 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 2, maxLength: 12 }), delays, async (changes, ticks) => {
        const picture = await thumb();
        const pause = async () => {
          for (let left = ticks.next().value ?? 0; left > 0; left -= 1) await setImmediate();
        };
        watched.state.pause = pause;
        const versions: (string | undefined)[] = [picture.bytes.toString('latin1')];
        let acknowledged = 0;
        const read = async () => {
          await pause();
          const oldest = acknowledged;
          const { status, bytes } = await gateway.call(picture.url);
          const possible = versions.slice(oldest);
          expect(possible.includes(status === 404 ? undefined : bytes.toString('latin1'))).toBe(true);
        };
        const readers: Promise<void>[] = [];
        for (const { isPurge, readers: count } of changes) {
          for (let started = 0; started < count; started += 1) readers.push(read());
          const next = randomBytes(100);
          versions.push(isPurge ? undefined : next.toString('latin1'));
          if (isPurge) await gateway.store.delete(keyOf(picture));
          else await replace(picture, next);
          acknowledged = versions.length - 1;
          await pause();
        }
        await read();
        await Promise.all(readers);
        await read();
      }),
      { numRuns: 60 },
    );
  });

  it('are the new ones at once when they were made again, by as many bytes, too', async () => {
    await start();
    const picture = await thumb();
    for (const bytes of [randomBytes(10_000), randomBytes(10_000), randomBytes(500)]) {
      await gateway.call(picture.url);
      await replace(picture, bytes);
      const reply = await gateway.call(picture.url, { headers: { 'if-none-match': `"${picture.sha256}"` } });
      expect(reply.status).toBe(200);
      expect(reply.headers.get('content-type')).toBe('image/webp');
      expect(reply.bytes.equals(bytes)).toBe(true);
    }
  });

  it('are read once for requests that come together', async () => {
    await start();
    const picture = await thumb();
    const { promise, resolve: open } = Promise.withResolvers<void>();
    watched.state.gate = promise;
    const replies = Array.from({ length: 10 }, () => gateway.call(picture.url));
    await eventually(() => expect(watched.reads.length).toBe(1));
    // All of them have come: the gateway answers this one after it has read the others.
    await gateway.call('/health');
    open();
    for (const reply of await Promise.all(replies)) expect(reply.bytes.equals(picture.bytes)).toBe(true);
    expect(watched.reads).toEqual([`get ${keyOf(picture)}`]);
  });

  it('that are being read for one request while they are purged or replaced are not sent to a later one', async () => {
    for (const how of ['purged', 'replaced'] as const) {
      await start();
      const picture = await thumb();
      const { promise, resolve: open } = Promise.withResolvers<void>();
      watched.state.gate = promise;
      const early = gateway.call(picture.url);
      await eventually(() => expect(watched.reads.length).toBe(1));
      const next = randomBytes(10_000);
      if (how === 'purged') await gateway.store.delete(keyOf(picture));
      else await replace(picture, next);
      const late = gateway.call(picture.url);
      await gateway.call('/health');
      open();
      expect((await early).bytes.equals(picture.bytes)).toBe(true);
      const reply = await late;
      if (how === 'purged') expect(reply.status).toBe(404);
      else expect(reply.bytes.equals(next)).toBe(true);
      await gateway.stop();
    }
    await start();
  });

  it('are read again after a failure', async () => {
    await start();
    const picture = await thumb();
    watched.state.fails = true;
    expect((await gateway.call(picture.url)).status).toBe(500);
    watched.state.fails = false;
    expect((await gateway.call(picture.url)).bytes.equals(picture.bytes)).toBe(true);
  });

  it('never take more than they may; originals and large previews take nothing', async () => {
    await start(MB);
    const large = await storePicture(gateway, { variant: 'medium', bytes: randomBytes(200_000) });
    const original = await storePicture(gateway);
    for (const { url, bytes } of [large, original]) {
      for (let count = 0; count < 2; count += 1) {
        expect((await gateway.call(url)).bytes.equals(bytes)).toBe(true);
        const part = await gateway.call(url, { headers: { range: 'bytes=10-19' } });
        expect(part.bytes.equals(bytes.subarray(10, 20))).toBe(true);
      }
    }
    expect(await cachedBytes(gateway)).toBe(0);
    for (let count = 0; count < 150; count += 1) await gateway.call((await thumb()).url);
    const taken = await cachedBytes(gateway);
    expect(taken).toBeGreaterThan(0.9 * MB);
    expect(taken).toBeLessThanOrEqual(MB);
  });

  it('are not kept where the setting is 0', async () => {
    await start(0);
    const picture = await thumb();
    for (let count = 0; count < 3; count += 1) await gateway.call(picture.url);
    expect(watched.reads).toHaveLength(3);
    expect(await cachedBytes(gateway)).toBe(0);
  });

  it('that do not exist are looked for each time', async () => {
    await start();
    const [userId, photoId] = [newId(), newId()];
    const { url } = gateway.mediaUrls.sign(userId, photoId, 'thumb');
    expect((await gateway.call(url)).status).toBe(404);
    const bytes = randomBytes(100);
    await gateway.store.put(`derived/${userId}/${photoId}/thumb`, bytes, { contentType: 'image/jpeg' });
    expect((await gateway.call(url)).bytes.equals(bytes)).toBe(true);
  });
}

describeWithPostgres('previews in the memory of two gateways', () => {
  it('are purged and replaced in both at once', async () => {
    const ground: Ground = await createGround();
    const given = { ground, settings: { previewCacheBytes: MB } };
    const gateways = [await startGateway(given), await startGateway(given)] as const;
    try {
      const [one, two] = gateways;
      const picture = await storePicture(one, { variant: 'thumb' });
      const key = `derived/${picture.userId}/${picture.photoId}/thumb`;
      const seen = () => Promise.all(gateways.map((gateway) => gateway.call(picture.url)));
      for (const reply of await seen()) expect(reply.bytes.equals(picture.bytes)).toBe(true);
      const next = randomBytes(10_000);
      await two.store.put(key, next, { contentType: 'image/jpeg' });
      for (const reply of await seen()) expect(reply.bytes.equals(next)).toBe(true);
      await one.store.delete(key);
      for (const reply of await seen()) expect(reply.status).toBe(404);
    } finally {
      for (const gateway of gateways) await gateway.stop();
      await ground.remove();
    }
  });
});

describeWithPostgres('previews of a share link in memory', () => {
  describe('of a link with a password', () => {
    it('are private to those who have unlocked it, and public to none', async () => {
      const shared = createShared();
      const gateway = await startGateway({
        shares: shared.shares,
        copies: shared.copies,
        settings: { previewCacheBytes: MB },
      });
      try {
        shared.use(gateway);
        const { id } = await shared.addPhoto();
        const token = shared.share({ password: 'secret' });
        const unlock = (await shared.shares.unlock(token, 'secret')).token;
        const media = {
          token,
          userId: shared.userId,
          expiresAt: null,
          showLocation: false,
          passwordVersion: 1,
        };
        const url = gateway.shareSigning.mediaUrl(media, id, 'thumb');
        const headers = { 'x-share-token': unlock };
        for (let count = 0; count < 2; count += 1) {
          const opened = await gateway.call(url, { headers });
          expect(opened).toMatchObject({ status: 200, text: 'thumb' });
          expect(opened.headers.get('cache-control')).toMatch(/^private/);
          expect((await gateway.call(url)).status).toBe(401);
        }
        expect(await lookups(gateway, 'hit')).toBe(1);
        await gateway.store.delete(`derived/${shared.userId}/${id}/thumb`);
        expect((await gateway.call(url, { headers })).status).toBe(404);
      } finally {
        await gateway.stop();
      }
    });
  });
});
