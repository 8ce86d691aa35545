import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeWithMinio, eventually, startTcpProxy, type TcpProxy } from '@lazyphotos/testkit';
import {
  createFilesystemStore,
  hasPresignedUrls,
  type ObjectStore,
  type PresignedUrls,
} from '../src/index.js';
import { rejectsWith } from './conformance/suite.js';
import { JPEG, newRoot } from './helpers.js';
import { type S3Server, startS3 } from './s3-server.js';

const KEY = 'originals/u1/p1';
const MINUTE = { expiresInSeconds: 60 };

describe('presigned URLs', () => {
  test('are what a bucket has and a folder has not', async () => {
    expect(hasPresignedUrls(await createFilesystemStore({ root: await newRoot() }))).toBe(false);
  });
});

describeWithMinio('presigned URLs of S3', () => {
  const bytes = randomBytes(100_000);
  let server: S3Server;
  let publicAddress: TcpProxy;
  let store: ObjectStore & PresignedUrls;
  beforeAll(async () => {
    server = await startS3();
    publicAddress = await startTcpProxy(server.minio.endpoint);
    store = server.open({ publicEndpoint: publicAddress.endpoint });
    await store.put(KEY, bytes, JPEG);
  });
  afterAll(async () => {
    await publicAddress.cut();
    await server.stop();
  });

  const bytesOf = async (reply: Response): Promise<Buffer> => Buffer.from(await reply.arrayBuffer());

  test('serve the object under the public address, which making them never contacts', async () => {
    expect(hasPresignedUrls(store)).toBe(true);
    const url = await store.presignedGet(KEY, MINUTE);
    expect(publicAddress.most()).toBe(0);
    expect(new URL(url).origin).toBe(publicAddress.endpoint);
    const reply = await fetch(url);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe('image/jpeg');
    expect(await bytesOf(reply)).toEqual(bytes);
    expect(publicAddress.most()).toBe(1);
  });

  test('are for the address of the server when there is no public one', async () => {
    const url = await server.open().presignedGet(KEY, MINUTE);
    expect(new URL(url).origin).toBe(server.minio.endpoint);
    expect(await bytesOf(await fetch(url))).toEqual(bytes);
  });

  test('serve ranges', async () => {
    const reply = await fetch(await store.presignedGet(KEY, MINUTE), { headers: { range: 'bytes=10-19' } });
    expect(reply.status).toBe(206);
    expect(reply.headers.get('content-range')).toBe(`bytes 10-19/${bytes.length}`);
    expect(await bytesOf(reply)).toEqual(bytes.subarray(10, 20));
  });

  test('say which headers the response has', async () => {
    const contentDisposition = "attachment; filename*=UTF-8''%D0%9F%D0%BB%D1%8F%D0%B6.jpg";
    const url = await store.presignedGet(KEY, {
      ...MINUTE,
      contentDisposition,
      contentType: 'image/x-test',
      cacheControl: 'private, max-age=60, immutable',
    });
    const reply = await fetch(url);
    expect(await bytesOf(reply)).toEqual(bytes);
    expect(reply.headers.get('content-disposition')).toBe(contentDisposition);
    expect(reply.headers.get('content-type')).toBe('image/x-test');
    expect(reply.headers.get('cache-control')).toBe('private, max-age=60, immutable');
  });

  test('are good for this object, these headers, this method and this time only', async () => {
    const url = await store.presignedGet(KEY, { ...MINUTE, contentDisposition: 'inline' });
    await store.put(`${KEY}0`, bytes, JPEG);
    const changed = [
      url.replace(KEY, `${KEY}0`),
      url.replace('=inline', '=attachment'),
      url.replace('X-Amz-Expires=60', 'X-Amz-Expires=600'),
      url.replace(/Signature=.{4}/, 'Signature=0000'),
    ];
    for (const bad of changed) {
      expect(bad).not.toBe(url);
      expect((await fetch(bad)).status).toBe(403);
    }
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
    expect((await fetch(url)).status).toBe(200);
  });

  test('expire', async () => {
    const url = await store.presignedGet(KEY, { expiresInSeconds: 1 });
    await eventually(async () => expect((await fetch(url)).status).toBe(403));
  });

  test('are not made for what is no key', async () => {
    await rejectsWith(store.presignedGet('../outside', MINUTE), 'invalid_key');
  });
});
