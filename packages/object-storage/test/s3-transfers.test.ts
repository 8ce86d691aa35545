import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  describeWithMinio,
  eventually,
  standsStill,
  startTcpProxy,
  type TcpProxy,
} from '@lazyphotos/testkit';
import type { StoredPart } from '../src/index.js';
import { expectSameBytes, read, rejectsWith, streamOf } from './conformance/suite.js';
import { JPEG } from './helpers.js';
import { type S3Server, startS3 } from './s3-server.js';

const MIB = 1024 * 1024;
/** On a busy machine V8's helper threads come late, and the garbage of the meantime would count as memory in use. */
const GC_AT_ONCE = '--single-threaded-gc';

describeWithMinio('transfers to and from S3', () => {
  let server: S3Server;
  let proxy: TcpProxy;
  beforeAll(async () => {
    server = await startS3();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    proxy = await startTcpProxy(server.minio.endpoint);
  });
  afterEach(() => proxy.cut());

  /** Whose requests may wait for one another for as long as a busy machine takes. */
  const openBehindProxy = (maxSockets: number) =>
    server.open({ endpoint: proxy.endpoint, maxSockets, timeouts: { connectMs: 60_000 } });

  test('20 parts at once share the connections that there may be', async () => {
    const store = openBehindProxy(3);
    const bytes = randomBytes(20 * 5 * MIB);
    const upload = await store.beginUpload('many', bytes.length, 5 * MIB, JPEG);
    const write = (index: number): Promise<StoredPart> =>
      store.writePart(upload, index, streamOf(bytes.subarray(index * 5 * MIB, (index + 1) * 5 * MIB)));
    const parts = await Promise.all(Array.from({ length: 20 }, (_, index) => write(index)));
    await store.completeUpload(upload, parts);
    expect(proxy.most()).toBe(3);
    expectSameBytes(await read(store, 'many'), bytes);
  });

  test('requests one after the other share a connection, whatever they ask for', async () => {
    const store = openBehindProxy(8);
    const info = await store.put('shared', Buffer.alloc(12_000), JPEG);
    for (let round = 0; round < 10; round++) {
      expect((await read(store, 'shared')).length).toBe(12_000);
      await store.head('shared');
      expect(await store.isCurrent(info)).toBe(true);
      await rejectsWith(store.get('not-there'), 'object_not_found');
      await rejectsWith(store.head('not-there'), 'object_not_found');
    }
    // Of 52 requests. On a busy machine a pause between two may be so long that the connection is closed as idle.
    expect(proxy.accepted()).toBeLessThan(10);
  });

  test('a body that is not wanted any more gives back its connection', async () => {
    const store = openBehindProxy(2);
    await store.put('dropped', Buffer.alloc(20 * MIB), JPEG);
    for (let round = 0; round < 100; round++) {
      const { body } = await store.get('dropped');
      if (round % 2 === 0) await body[Symbol.asyncIterator]().next();
      body.destroy();
    }
    expect((await store.head('dropped')).size).toBe(20 * MIB);
    expect(proxy.most()).toBeLessThanOrEqual(2);
  });

  test('a slow reader gets no more than some buffers ahead', async () => {
    const store = openBehindProxy(2);
    await store.put('slow', Buffer.alloc(64 * MIB), JPEG);
    const before = proxy.fromServer();
    const { body } = await store.get('slow');
    await body[Symbol.asyncIterator]().next();
    expect((await standsStill(() => proxy.fromServer())) - before).toBeLessThan(24 * MIB);
    body.destroy();
  });

  test('parts that fail give back their connections', async () => {
    const store = openBehindProxy(1);
    const upload = await store.beginUpload('failing', 5 * MIB, 5 * MIB, JPEG);
    for (let round = 0; round < 10; round++) {
      await rejectsWith(store.writePart(upload, 0, streamOf(randomBytes(5 * MIB + 1))), 'part_mismatch');
      await rejectsWith(store.writePart(upload, 0, streamOf(randomBytes(4 * MIB))), 'part_mismatch');
    }
    await store.abortUpload(upload);
    for (let round = 0; round < 10; round++) {
      // MinIO cuts the connection half a second after such an answer, which a busy machine may not have read by then.
      await eventually(() => {
        const late = streamOf(randomBytes(5 * MIB));
        return rejectsWith(store.writePart(upload, 0, late), 'object_not_found');
      });
    }
    await store.ready();
  });

  test('300 MB pass through a little memory, up and down', async () => {
    const script = fileURLToPath(new URL('./s3-memory-child.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [
      GC_AT_ONCE,
      script,
      JSON.stringify(server.options),
    ]);
    const { up, down } = JSON.parse(stdout) as { up: number; down: number };
    expect(up).toBeLessThan(150 * MIB);
    expect(down).toBeLessThan(150 * MIB);
  });
});
