import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { createS3Store, type ObjectStore, type S3Timeouts, type StagedUpload } from '../src/index.js';
import { rejectsWith, streamOf } from './conformance/suite.js';
import { JPEG } from './helpers.js';

const MIB = 1024 * 1024;
const UPLOAD: StagedUpload = { uploadId: 'id#mark', key: 'a/b', size: 5 * MIB, partSize: 5 * MIB };
const PARTS = [{ index: 0, etag: 'tag' }];

const fault = (res: ServerResponse, status: number, code: string, message = 'no'): void => {
  res.writeHead(status, { 'content-type': 'application/xml' });
  res.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
};

/** A source that never ends. */
const endless = (): { stream: Readable; pulled(): number } => {
  let pulled = 0;
  const stream = new Readable({
    read() {
      pulled += 65_536;
      this.push(Buffer.alloc(65_536));
    },
  });
  return { stream, pulled: () => pulled };
};

/** A server that answers what a test wants: what real ones do on bad days only. */
describe('an S3 server on a bad day', () => {
  const server = createServer((req, res) => handler(req, res));
  let handler: RequestListener;
  const connections = new Set<Socket>();
  let requests: string[];
  let store: ObjectStore;
  /** With short timeouts, for responses that do not come. */
  let shortTimeouts: ObjectStore;
  const openStore = (timeouts: Partial<S3Timeouts>): ObjectStore =>
    createS3Store({
      bucket: 'photos',
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret-key' },
      pathStyle: true,
      maxSockets: 1,
      timeouts,
    });
  beforeAll(async () => {
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket) => {
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    store = openStore({});
    shortTimeouts = openStore({ answerMs: 800, idleMs: 1_500 });
  });
  beforeEach(() => {
    requests = [];
  });
  afterAll(async () => {
    await store.close();
    await shortTimeouts.close();
    server.closeAllConnections();
    server.close();
  });

  /** Each request gets the next answer, and the last answer goes on. */
  const answer = (...answers: RequestListener[]): void => {
    handler = (req, res) => {
      requests.push(`${req.method} ${req.url}`);
      const next = answers.length > 1 ? answers.shift() : answers[0];
      next?.(req, res);
    };
  };
  const afterItsBody =
    (reply: RequestListener): RequestListener =>
    (req, res) => {
      req.resume().on('end', () => reply(req, res));
    };
  const headOf = (_: IncomingMessage, res: ServerResponse): void => {
    res.writeHead(200, {
      etag: '"whole"',
      'content-length': 5 * MIB,
      'content-type': 'image/jpeg',
      'last-modified': 'Sun, 22 Nov 2026 12:00:00 GMT',
      'x-amz-meta--upload': 'mark',
    });
    res.end();
  };
  const completed = (_: IncomingMessage, res: ServerResponse): void => {
    res.end('<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>');
  };

  test('that never responds is unavailable', async () => {
    answer(() => {});
    await rejectsWith(shortTimeouts.head('a/b'), 'storage_unavailable');
    await rejectsWith(shortTimeouts.ready(), 'storage_unavailable');
    await rejectsWith(shortTimeouts.completeUpload(UPLOAD, PARTS), 'storage_unavailable');
    answer(headOf);
    await eventually(async () => expect((await shortTimeouts.head('a/b')).size).toBe(5 * MIB));
  });

  test('that takes no more of a part is unavailable, and the part is not read ahead into memory', async () => {
    const stuck: IncomingMessage[] = [];
    answer((req) => {
      stuck.push(req);
      req.once('data', () => req.pause());
    });
    const source = endless();
    const big = { ...UPLOAD, size: 5_000 * MIB, partSize: 5_000 * MIB };
    await rejectsWith(shortTimeouts.writePart(big, 0, source.stream), 'storage_unavailable');
    expect(source.pulled()).toBeLessThan(24 * MIB);
    expect(source.stream.destroyed).toBe(false);
    answer(headOf);
    await eventually(() => shortTimeouts.head('a/b'));
    for (const req of stuck) req.destroy();
  });

  test('that responds before it has the part is believed, and the connection is released', async () => {
    for (let round = 0; round < 5; round++) {
      answer((_, res) => fault(res, 404, 'NoSuchUpload'));
      const source = endless();
      const big = { ...UPLOAD, size: 5_000 * MIB, partSize: 5_000 * MIB };
      // Neither its time-outs nor the server's end the connection before the test is over.
      await rejectsWith(store.writePart(big, 0, source.stream), 'object_not_found');
      expect(source.stream.destroyed).toBe(false);
      await eventually(async () => expect(connections.size).toBe(0));
    }
  });

  test('gets a part in pieces that S3 takes, with their checksum at the end', async () => {
    const bytes = Buffer.alloc(UPLOAD.size, 'a part that came in small packets');
    let body = Buffer.alloc(0);
    answer(async (req, res) => {
      expect(req.headers).toMatchObject({
        'x-amz-decoded-content-length': `${bytes.length}`,
        'x-amz-trailer': 'x-amz-checksum-crc32',
      });
      body = await buffer(req);
      res.setHeader('etag', '"tag"').end();
    });
    await store.writePart(UPLOAD, 0, streamOf(bytes, 1_000));
    const { sizes, content, trailer } = decodeChunks(body);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(8 * 1024);
    expect(content.equals(bytes)).toBe(true);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(bytes));
    expect(trailer.trim()).toBe(`x-amz-checksum-crc32:${checksum.toString('base64')}`);
  });

  test('that sends an error in the body of a successful response is asked again', async () => {
    const faultInside = (_: IncomingMessage, res: ServerResponse): void => {
      res.write('<?xml version="1.0"?>\n   ');
      res.end('<Error><Code>InternalError</Code><Message>try again</Message></Error>');
    };
    answer(afterItsBody(faultInside), afterItsBody(completed), headOf);
    expect((await store.completeUpload(UPLOAD, PARTS)).etag).toBe('whole');
    expect(requests.map((line) => line.split(' ')[0])).toEqual(['POST', 'POST', 'HEAD']);
  });

  test('that denies a write while a delete is about is asked again, and is believed in the end', async () => {
    const denied = afterItsBody((_, res) => fault(res, 403, 'AccessDenied'));
    answer(denied, afterItsBody(completed), headOf);
    expect((await store.completeUpload(UPLOAD, PARTS)).etag).toBe('whole');
    answer(denied);
    await rejectsWith(store.put('a/b', Buffer.from('x'), JPEG), 'storage_unavailable');
    expect(requests.filter((line) => line.startsWith('PUT'))).toHaveLength(3);
    await rejectsWith(store.head('a/b'), 'storage_unavailable');
  });

  test.each([
    [403, 'AccessDenied', true],
    [400, 'InvalidRequest', true],
    [400, 'RequestTimeout', false],
    [429, 'TooManyRequests', false],
    [503, 'SlowDown', false],
    [500, 'InternalError', false],
  ])('that answers %d %s refuses the request: %s', async (status, code, isRefusal) => {
    answer((_, res) => fault(res, status, code));
    await expect(store.get('a/b')).rejects.toMatchObject({ code: 'storage_unavailable', isRefusal });
  });

  test.each([
    [507, 'XMinioStorageFull', 'minimum free drive threshold'],
    [400, 'XMinioAdminBucketQuotaExceeded', 'quota'],
    [500, 'InternalError', 'We encountered an internal error: cause(no space left on device)'],
  ])('that has no room is full: %d %s', async (status, code, message) => {
    answer(afterItsBody((_, res) => fault(res, status, code, message)));
    await rejectsWith(store.put('a/b', Buffer.from('x'), JPEG), 'storage_full');
    await rejectsWith(store.put('a/b', streamOf(Buffer.alloc(6 * MIB)), JPEG), 'storage_full');
    await rejectsWith(store.writePart(UPLOAD, 0, streamOf(Buffer.alloc(5 * MIB))), 'storage_full');
    await rejectsWith(store.completeUpload(UPLOAD, PARTS), 'storage_full');
  });

  test('whose connection breaks in the middle of an object is unavailable to the reader', async () => {
    answer((req, res) => {
      res.writeHead(200, {
        etag: '"whole"',
        'content-length': 100,
        'last-modified': new Date().toUTCString(),
      });
      res.write('half', () => req.socket.destroy());
    });
    const { body } = await store.get('a/b');
    await rejectsWith(buffer(body), 'storage_unavailable');
  });

  test('whose object does not have its checksum is unavailable to the reader', async () => {
    answer((_, res) => {
      res.setHeader('x-amz-checksum-crc32', 'AAAAAA==');
      res.writeHead(200, { etag: '"whole"', 'content-length': 5, 'last-modified': new Date().toUTCString() });
      res.end('other');
    });
    const { body } = await store.get('a/b');
    await rejectsWith(buffer(body), 'storage_unavailable');
  });

  test('that names uploads page by page is read to the end', async () => {
    const page = (name: string, next = '') => `<ListMultipartUploadsResult>
      <IsTruncated>${next !== ''}</IsTruncated><NextKeyMarker>${next}</NextKeyMarker><NextUploadIdMarker>${next}</NextUploadIdMarker>
      <Upload><Key>a/${name}</Key><UploadId>${name}</UploadId><Initiated>2026-11-22T12:00:00.000Z</Initiated></Upload>
      </ListMultipartUploadsResult>`;
    answer(
      (_, res) => res.end(page('1', 'm1')),
      (_, res) => res.end(page('2', 'm2')),
      (_, res) => res.end(page('3')),
    );
    const keys: string[] = [];
    for await (const { key } of store.listUploads('a/')) keys.push(key);
    expect(keys).toEqual(['a/1', 'a/2', 'a/3']);
    expect(requests[2]).toContain('key-marker=m2');
    expect(requests[2]).toContain('upload-id-marker=m2');
  });
});

/** The `aws-chunked` encoding: `<size in hex>\r\n<bytes>\r\n`, after the last one of size 0 the trailer. */
function decodeChunks(body: Buffer): { sizes: number[]; content: Buffer; trailer: string } {
  const sizes: number[] = [];
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    at = end + 2;
    if (size === 0) return { sizes, content: Buffer.concat(pieces), trailer: body.toString('latin1', at) };
    sizes.push(size);
    pieces.push(body.subarray(at, at + size));
    at += size + 2;
  }
}
