import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { newId, SettingsError } from '@lazyphotos/service-kit';
import {
  describeWithPostgres,
  describeWithServers,
  http,
  startMinio,
  type TestMinio,
} from '@lazyphotos/testkit';
import { parse } from 'content-disposition';
import { type Bucket, createBucket } from './bucket.js';
import { type Gateway, startGateway } from './harness.js';
import { type PictureOptions, storePicture } from './pictures.js';
import { createShared } from './shared.js';

const given = { settings: { mediaDelivery: 'presigned' } } as const;

describeWithPostgres('presigned delivery from a store that cannot', () => {
  it('fails the start with one clear line', async () => {
    const failed = startGateway(given);
    await expect(failed).rejects.toBeInstanceOf(SettingsError);
    await expect(failed).rejects.toThrow(/^MEDIA_DELIVERY=presigned needs S3 .+$/);
  });
});

describeWithServers(['postgres', 'minio'], 'signed media that come from S3 itself', () => {
  let minio: TestMinio;
  let bucket: Bucket;
  let store: ObjectStore;
  let gateway: Gateway;
  beforeAll(async () => {
    minio = await startMinio();
    bucket = await createBucket(minio);
    store = bucket.open();
    gateway = await startGateway({ ...given, store: () => store });
  });
  afterEach(() => {
    gateway.state.stoppedAt = undefined;
  });
  afterAll(async () => {
    await gateway.stop();
    await bucket.remove();
    await minio.stop();
  });

  const put = (options?: PictureOptions) => storePicture({ store, mediaUrls: gateway.mediaUrls }, options);
  const redirectOf = async (url: string) => {
    const reply = await gateway.call(url);
    return {
      reply,
      location: new URL(reply.headers.get('location') ?? 'none:'),
      maxAge: Number(/^private, max-age=(\d+)$/.exec(reply.headers.get('cache-control') ?? '')?.[1]),
    };
  };
  const expiryOf = (url: string): number => Number(new URL(url, 'http://x').searchParams.get('exp'));

  it('are redirected to, and come byte for byte with the headers that the gateway gives them', async () => {
    const { url, bytes } = await put({ fileName: 'Größe 写真.heic', contentType: 'image/heic' });
    const { reply, location } = await redirectOf(url);
    expect(reply).toMatchObject({ status: 302, text: '' });
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(location.origin).toBe(minio.endpoint);
    const picture = await http(location.href);
    expect(picture.status).toBe(200);
    expect(picture.bytes.equals(bytes)).toBe(true);
    expect(picture.headers.get('content-type')).toBe('image/heic');
    expect(parse(picture.headers.get('content-disposition') ?? '')).toMatchObject({
      type: 'attachment',
      parameters: { filename: 'Größe 写真.heic' },
    });
    expect(picture.headers.get('cache-control')).toMatch(/^private, max-age=\d+, immutable$/);
  });

  it('are saved under the name in the URL', async () => {
    const { url } = await put({ fileName: 'IMG_1.jpg', savedAs: 'Größe.jpg' });
    const { location } = await redirectOf(url);
    expect(parse((await http(location.href)).headers.get('content-disposition') ?? '')).toMatchObject({
      type: 'attachment',
      parameters: { filename: 'Größe.jpg' },
    });
  });

  it('are shown, not saved, when they are previews', async () => {
    const { url, photoId } = await put({ variant: 'thumb' });
    const picture = await http((await redirectOf(url)).location.href);
    expect(picture.headers.get('content-disposition')).toBe(`inline; filename=${photoId}-thumb.jpg`);
  });

  it('are at an address that ends with the signed URL, and is not kept beyond', async () => {
    const { url } = await put();
    const signedAt = Date.now();
    for (const laterMs of [0, 1_800_000]) {
      gateway.state.stoppedAt = signedAt + laterMs;
      const left = expiryOf(url) - gateway.state.stoppedAt / 1000;
      const { location, maxAge } = await redirectOf(url);
      const good = Number(location.searchParams.get('X-Amz-Expires'));
      expect(good).toBeLessThanOrEqual(Math.floor(left));
      expect(good).toBeGreaterThan(left - 30);
      expect(maxAge).toBe(good - 60);
    }
  });

  it('are redirected to, but not kept, in the last minute; and not at all once the URL has expired', async () => {
    const { url } = await put();
    gateway.state.stoppedAt = expiryOf(url) * 1000 - 20_000;
    const { reply, location, maxAge } = await redirectOf(url);
    expect(reply.status).toBe(302);
    expect(maxAge).toBe(0);
    expect(Number(location.searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(20);
    gateway.state.stoppedAt += 20_001;
    expect(await gateway.call(url)).toMatchObject({ status: 403, body: { code: 'invalid_signature' } });
  });

  it('are redirected to also when a visitor of a share link has brought them into memory', async () => {
    const shared = createShared();
    const remembering = await startGateway({
      settings: { ...given.settings, previewCacheBytes: 1_000_000 },
      store: () => store,
      shares: shared.shares,
      copies: shared.copies,
    });
    try {
      shared.use({ store, shareSigning: remembering.shareSigning });
      const { id } = await shared.addPhoto();
      const { userId } = shared;
      const media = {
        token: shared.share(),
        userId,
        expiresAt: null,
        showLocation: false,
        passwordVersion: undefined,
      };
      const visited = remembering.shareSigning.mediaUrl(media, id, 'thumb');
      expect((await remembering.call(visited)).status).toBe(200);
      const { url } = remembering.mediaUrls.sign(userId, id, 'thumb');
      expect((await remembering.call(url)).status).toBe(302);
    } finally {
      await remembering.stop();
    }
  });

  it('whose signature is wrong are not redirected to', async () => {
    const { url } = await put();
    const reply = await gateway.call(`${url}x`);
    expect(reply).toMatchObject({ status: 403, body: { code: 'invalid_signature' } });
    expect(reply.headers.get('location')).toBeNull();
  });

  it('that are not there are 404, and nothing is redirected', async () => {
    const { url } = gateway.mediaUrls.sign(newId(), newId(), 'medium');
    for (const method of ['GET', 'HEAD']) {
      const reply = await gateway.call(url, { method });
      expect(reply.status).toBe(404);
      expect(reply.headers.get('location')).toBeNull();
      expect(reply.headers.get('cache-control')).toBe('no-store');
    }
  });

  it('the gateway itself responds to HEAD', async () => {
    const { url, bytes } = await put({ fileName: 'a.jpg' });
    const head = await gateway.call(url, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(Object.fromEntries(head.headers)).toMatchObject({
      'content-length': String(bytes.length),
      'content-type': 'image/jpeg',
      'content-disposition': 'attachment; filename=a.jpg',
      'accept-ranges': 'bytes',
    });
  });

  describe('to a client that follows redirects', () => {
    it('come whole, in parts, or not again', async () => {
      const { url, bytes } = await put();
      const ask = async (headers: Record<string, string>) => fetch(gateway.url + url, { headers });
      const whole = await ask({});
      expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
      const part = await ask({ range: 'bytes=100-199' });
      expect(part.status).toBe(206);
      expect(part.headers.get('content-range')).toBe(`bytes 100-199/${bytes.length}`);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true);
      const again = await ask({ 'if-none-match': whole.headers.get('etag') ?? '' });
      expect(again.status).toBe(304);
    });

    it('are refused when the address was changed', async () => {
      const { url } = await put();
      const other = await put();
      const { location } = await redirectOf(url);
      const changed = location.href.replace(
        encodeURI(`originals/${idsOf(url)}`),
        encodeURI(`originals/${idsOf(other.url)}`),
      );
      expect(changed).not.toBe(location.href);
      expect((await http(changed)).status).toBe(403);
    });
  });
});

/** `<userId>/<photoId>` of a media URL. */
const idsOf = (url: string): string => url.split('/').slice(2, 4).join('/');
