import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMinio } from '@lazyphotos/testkit';
import type { ObjectStore, StagedUpload } from '../src/index.js';
import { collect, expectSameBytes, read, rejectsWith, streamOf } from './conformance/suite.js';
import { JPEG } from './helpers.js';
import { type S3Server, startS3 } from './s3-server.js';

const MIB = 1024 * 1024;

/** Gives half of its bytes, then tells that it did, and gives the rest when it is let. */
function pausedStream(bytes: Buffer): { stream: Readable; paused: Promise<void>; resume(): void } {
  const { promise: paused, resolve: tell } = Promise.withResolvers<void>();
  const { promise: mayGoOn, resolve: resume } = Promise.withResolvers<void>();
  async function* halves(): AsyncGenerator<Buffer> {
    yield bytes.subarray(0, bytes.length >> 1);
    tell();
    await mayGoOn;
    yield bytes.subarray(bytes.length >> 1);
  }
  return { stream: Readable.from(halves(), { objectMode: false }), paused, resume };
}

async function everyCallIsUnavailable(store: ObjectStore): Promise<void> {
  const upload: StagedUpload = { uploadId: 'an#upload', key: 'a/d', size: 5 * MIB, partSize: 5 * MIB };
  const part = { index: 0, etag: 'f'.repeat(32) };
  const calls = [
    store.ready(),
    store.put('a/b', Buffer.from('x'), JPEG),
    store.put('a/b', streamOf(randomBytes(6 * MIB)), JPEG),
    store.head('a/b'),
    store.get('a/b'),
    store.delete('a/b'),
    collect(store.list('')),
    store.beginUpload('a/c', 1, 1, JPEG),
    store.writePart(upload, 0, streamOf(randomBytes(upload.size))),
    store.completeUpload(upload, [part]),
    store.abortUpload(upload),
    (async () => {
      for await (const _ of store.listUploads('')) throw new Error('an upload is listed');
    })(),
  ];
  await Promise.all(calls.map((call) => rejectsWith(call, 'storage_unavailable')));
}

describeWithMinio('an outage of the S3 server', () => {
  let server: S3Server;
  let store: ObjectStore;
  beforeAll(async () => {
    server = await startS3();
    store = server.open();
  });
  afterAll(() => server.stop());

  /** A shared server is not ours to kill. */
  const onOwnServer = (title: string, run: () => Promise<void>): void =>
    test(title, async () => {
      if (server.minio.canRestart) await run();
    });

  onOwnServer('in the middle of a part: the part fails, and can be sent again when it is over', async () => {
    const bytes = randomBytes(6 * MIB);
    const upload = await store.beginUpload('outage/part', bytes.length, 5 * MIB, JPEG);
    const tail = await store.writePart(upload, 1, streamOf(bytes.subarray(5 * MIB)));
    const source = pausedStream(bytes.subarray(0, 5 * MIB));
    const writing = rejectsWith(store.writePart(upload, 0, source.stream), 'storage_unavailable');
    await source.paused;
    await server.minio.kill();
    source.resume();
    await writing;
    await everyCallIsUnavailable(store);
    await server.minio.restart();
    await store.ready();
    const head = await store.writePart(upload, 0, streamOf(bytes.subarray(0, 5 * MIB)));
    await store.completeUpload(upload, [head, tail]);
    expectSameBytes(await read(store, 'outage/part'), bytes);
  });

  onOwnServer('in the middle of a put and of a get: both say so', async () => {
    const bytes = randomBytes(12 * MIB);
    await store.put('outage/read', bytes, JPEG);
    const { body } = await store.get('outage/read');
    const source = pausedStream(randomBytes(12 * MIB));
    const putting = rejectsWith(store.put('outage/put', source.stream, JPEG), 'storage_unavailable');
    await source.paused;
    await server.minio.kill();
    source.resume();
    await putting;
    await rejectsWith(buffer(body), 'storage_unavailable');
    await server.minio.restart();
    await rejectsWith(store.head('outage/put'), 'object_not_found');
    expectSameBytes(await read(store, 'outage/read'), bytes);
  });

  test('credentials that the server refuses are one', async () => {
    const stranger = server.open({
      credentials: { accessKeyId: 'stranger', secretAccessKey: 'not-the-key' },
    });
    await everyCallIsUnavailable(stranger);
    await expect(stranger.ready()).rejects.toThrow(/could not write to the bucket .* InvalidAccessKeyId/);
  });

  test('a store for reading is ready when the bucket can be read', async () => {
    await server.open({ readOnly: true }).ready();
  });

  test('a bucket that is not there is one, for who writes and who reads', async () => {
    const homeless = server.open({ bucket: 'no-such-bucket' });
    await rejectsWith(homeless.ready(), 'storage_unavailable');
    await rejectsWith(
      server.open({ bucket: 'no-such-bucket', readOnly: true }).ready(),
      'storage_unavailable',
    );
    await rejectsWith(homeless.put('a', Buffer.from('x'), JPEG), 'storage_unavailable');
    await rejectsWith(homeless.get('a'), 'storage_unavailable');
  });
});
