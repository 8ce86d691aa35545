import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { describeWithServers, eventually, startMinio, type TestMinio } from '@lazyphotos/testkit';
import { type Bucket, createBucket } from './bucket.js';
import { type Gateway, type GatewayOptions, startGateway } from './harness.js';
import { type Picture, storePicture } from './pictures.js';
import { openSocket } from './raw.js';

const MB = 1_000_000;
/** More than the gateway has connections to the object store. */
const READERS = 135;
/** A quarter of the downloads that may be under way. */
const SHARE = 24;
/** Far more than the sockets on the way hold. */
const FILE_BYTES = 24 * MB;

describeWithServers(['postgres', 'minio'], 'clients that stop reading what comes from S3', () => {
  let minio: TestMinio;
  let bucket: Bucket;
  let gateway: Gateway;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    minio = await startMinio();
    bucket = await createBucket(minio);
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await gateway.stop();
  });
  afterAll(async () => {
    await bucket.remove();
    await minio.stop();
  });

  const start = async (options: GatewayOptions): Promise<{ large: Picture; small: Picture }> => {
    const store = bucket.open();
    gateway = await startGateway({ ...options, store: () => store });
    const given = { store, mediaUrls: gateway.mediaUrls };
    const large = await storePicture(given, { bytes: randomBytes(FILE_BYTES) });
    return { large, small: await storePicture(given, { variant: 'thumb' }) };
  };
  /** Asks for a picture and never reads. */
  const ask = async ({ url }: Picture, from: string): Promise<void> => {
    const socket = await openSocket(gateway.port);
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write(`GET ${url} HTTP/1.1\r\nhost: node\r\nx-forwarded-for: ${from}\r\n\r\n`);
  };
  const numberOf = async (name: string) => {
    const metric = await gateway.metrics.registry.getSingleMetric(`lazyphotos_gateway_${name}`)?.get();
    return metric?.values.find(({ labels }) => labels.what === 'downloads')?.value ?? 0;
  };

  it('do not keep others from pictures and downloads, and take little memory', async () => {
    const settings = { trustedProxies: ['loopback'], queueSeconds: 1 };
    const { large, small } = await start({ settings, stallMs: 3_600_000 });
    const before = process.memoryUsage().arrayBuffers;
    await Promise.all(Array.from({ length: READERS }, () => ask(large, '203.0.113.1')));
    const headers = { 'x-forwarded-for': '203.0.113.2' };
    for (const picture of [small, large]) {
      const { status, bytes } = await gateway.call(picture.url, { headers });
      expect({ status, length: bytes.length }).toEqual({ status: 200, length: picture.bytes.length });
    }
    await eventually(async () => expect(await numberOf('refused_total')).toBe(READERS - SHARE));
    expect(await numberOf('in_flight')).toBeLessThanOrEqual(SHARE);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan((SHARE * FILE_BYTES) / 4);
    for (const socket of sockets) socket.destroy();
    await eventually(async () => expect(await numberOf('in_flight')).toBe(0));
  });

  it('of one user keep neither another user at the same address from pictures, nor their own requests from waiting', async () => {
    const { large, small } = await start({ settings: { queueSeconds: 60 }, stallMs: 3_600_000 });
    await Promise.all(Array.from({ length: READERS }, () => ask(large, '')));
    // All of them wait: none is refused at once.
    await eventually(async () => expect(await numberOf('waiting')).toBe(READERS - SHARE));
    expect(await numberOf('refused_total')).toBe(0);
    expect(await gateway.call(small.url)).toMatchObject({ status: 200 });
    for (const socket of sockets.splice(0, SHARE)) socket.destroy();
    await eventually(async () => expect(await numberOf('waiting')).toBeLessThan(READERS - SHARE));
  });

  it('lose their connection, and give the store back', async () => {
    const { large } = await start({ stallMs: 300 });
    const closed: boolean[] = [];
    await Promise.all([0, 1, 2].map(() => ask(large, '203.0.113.1')));
    await eventually(async () => expect(await numberOf('in_flight')).toBe(3));
    await eventually(async () => expect(await numberOf('in_flight')).toBe(0));
    for (const [index, socket] of sockets.entries()) {
      socket.once('close', () => {
        closed[index] = true;
      });
      socket.resume();
    }
    await eventually(() => expect(closed).toEqual([true, true, true]));
  });
});
