import { randomBytes } from 'node:crypto';
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { describeWithMinio, startTcpProxy, type TcpProxy } from '@lazyphotos/testkit';
import type { ObjectInfo, ObjectStore, StoredPart } from '../src/index.js';
import { expectSameBytes, PLAIN, read, rejectsWith, sha256, streamOf } from './conformance/suite.js';
import { type S3Server, startS3 } from './s3-server.js';

const MIB = 1024 * 1024;

/** What goes wrong between processes, their requests and the server. */
describeWithMinio('a staged upload in S3', () => {
  let server: S3Server;
  let store: ObjectStore;
  let proxy: TcpProxy;
  beforeAll(async () => {
    server = await startS3();
    store = server.open();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    proxy = await startTcpProxy(server.minio.endpoint);
  });
  afterEach(() => proxy.cut());

  const staged = async (key: string, bytes = randomBytes(6 * MIB)) => {
    const attributes = { ...PLAIN, metadata: { sha256: sha256(bytes) } };
    const upload = await store.beginUpload(key, bytes.length, 5 * MIB, attributes);
    const head = await store.writePart(upload, 0, streamOf(bytes.subarray(0, 5 * MIB)));
    const tail = await store.writePart(upload, 1, streamOf(bytes.subarray(5 * MIB)));
    return { bytes, upload, parts: [head, tail] };
  };

  test('is completed once when the response to the completion is lost', async () => {
    const { bytes, upload, parts } = await staged('lost-answer');
    const unlucky = server.open({ endpoint: proxy.endpoint });
    proxy.loseResponseTo('POST /', 'uploadId=');
    const info = await unlucky.completeUpload(upload, parts);
    expect(proxy.lost()).toBe(1);
    expect(info).toEqual(await store.head('lost-answer'));
    expectSameBytes(await read(store, 'lost-answer'), bytes);
  });

  test('is the same to every process that completes it at once', async () => {
    for (let round = 0; round < 5; round++) {
      const { bytes, upload, parts } = await staged(`at-once-${round}`);
      const stores = [store, server.open(), server.open(), server.open()];
      const complete = (each: ObjectStore): Promise<ObjectInfo> => each.completeUpload(upload, parts);
      const [first, ...others] = await Promise.all(stores.map(complete));
      expect(first).toMatchObject({ key: upload.key, size: bytes.length, etag: sha256(bytes) });
      for (const other of others) expect(other).toEqual(first);
    }
  });

  test('is not mistaken for another one that took its key meanwhile', async () => {
    const [one, two] = [await staged('taken'), await staged('taken')];
    await store.completeUpload(one.upload, one.parts);
    await store.completeUpload(two.upload, two.parts);
    await rejectsWith(store.completeUpload(one.upload, one.parts), 'object_not_found');
    await store.put('taken', Buffer.from('put'), PLAIN);
    await rejectsWith(store.completeUpload(two.upload, two.parts), 'object_not_found');
  });

  test('that the server has cleared away is not there any more: the file has to be sent again', async () => {
    const { upload, parts } = await staged('cleared');
    const at = { Bucket: server.options.bucket };
    const { Uploads = [] } = await server.client.send(new ListMultipartUploadsCommand(at));
    for (const { Key, UploadId } of Uploads)
      await server.client.send(new AbortMultipartUploadCommand({ ...at, Key, UploadId }));
    const again = streamOf(randomBytes(5 * MIB));
    await rejectsWith(store.writePart(upload, 0, again), 'object_not_found');
    await rejectsWith(store.completeUpload(upload, parts), 'object_not_found');
    await store.abortUpload(upload);
    await rejectsWith(store.head('cleared'), 'object_not_found');
  });

  test('that is gone is known to be gone when the response to a part is lost', async () => {
    const { upload } = await staged('gone');
    await store.abortUpload(upload);
    const unlucky = server.open({ endpoint: proxy.endpoint });
    proxy.loseResponseTo('PUT /', 'partNumber=1');
    const again = streamOf(randomBytes(5 * MIB));
    await rejectsWith(unlucky.writePart(upload, 0, again), 'object_not_found');
    expect(proxy.lost()).toBe(1);
  });

  test('that is still there takes a part again whose response was lost', async () => {
    const { upload, parts } = await staged('still-there');
    const unlucky = server.open({ endpoint: proxy.endpoint });
    proxy.loseResponseTo('PUT /', 'partNumber=1');
    const again = streamOf(randomBytes(5 * MIB));
    await rejectsWith(unlucky.writePart(upload, 0, again), 'storage_unavailable');
    await store.completeUpload(upload, [
      await store.writePart(upload, 0, streamOf(randomBytes(5 * MIB))),
      parts[1] as StoredPart,
    ]);
  });

  test('of an id that this server never gave is not there, and aborting it is no error', async () => {
    const upload = { uploadId: 'f'.repeat(32), key: 'foreign', size: 1, partSize: 5 * MIB };
    await rejectsWith(store.writePart(upload, 0, streamOf(randomBytes(1))), 'object_not_found');
    await rejectsWith(store.completeUpload(upload, [{ index: 0, etag: 'x' }]), 'object_not_found');
    await store.abortUpload(upload);
  });

  test('is not begun in a shape that S3 would refuse at its end', async () => {
    await expect(store.beginUpload('shape', 2, 1, PLAIN)).rejects.toThrow('S3 takes parts of 5 MiB to 5 GiB');
    await expect(store.beginUpload('shape', 50_000 * 5 * MIB, 5 * MIB, PLAIN)).rejects.toThrow(RangeError);
    const single = await store.beginUpload('shape', 2, 2, PLAIN);
    const part = await store.writePart(single, 0, streamOf(Buffer.from('ab')));
    expect((await store.completeUpload(single, [part])).size).toBe(2);
  });
});
