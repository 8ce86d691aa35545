import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { type Gateway, startGateway, tokenOf } from './harness.js';

const token = tokenOf();
const chunks = `/upload-sessions/${newId()}/chunks?offset=0`;

describeWithPostgres('a service over HTTP that fails', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ kind: 'over HTTP' });
  });
  afterEach(async () => {
    for (const probe of Object.values(gateway.services)) probe.handle = undefined;
    gateway.logs.length = 0;
    // Whatever it was, the gateway goes on.
    expect(await gateway.call('/albums', { token })).toMatchObject({ status: 200 });
  });
  afterAll(() => gateway.stop());

  const expectUnavailable = async (asked = gateway) => {
    const reply = await asked.call('/albums', { token, headers: { 'x-request-id': 'try-1' } });
    expect(reply).toMatchObject({
      status: 503,
      body: { code: 'service_unavailable', status: 503, requestId: 'try-1', instance: '/albums' },
    });
    expect(reply.headers.get('content-type')).toMatch('application/problem+json');
    expect(reply.headers.get('retry-after')).toBe('5');
    expect(reply.text).not.toMatch(/ECONN|hang up|127\.0\.0\.1/);
  };

  it('by closing without a response gives 503', async () => {
    gateway.services.catalog.handle = (req) => req.socket.end();
    await expectUnavailable();
  });

  it('by resetting the connection gives 503', async () => {
    gateway.services.catalog.handle = (req) => req.socket.resetAndDestroy();
    await expectUnavailable();
  });

  it('by saying nothing gives 503 after a while', async () => {
    const gateway = await startGateway({ kind: 'over HTTP', silenceMs: 300 });
    gateway.services.catalog.handle = () => undefined;
    await expectUnavailable(gateway);
    await gateway.stop();
  });

  it('by talking nonsense gives 503', async () => {
    gateway.services.catalog.handle = (req) => req.socket.end('this is not HTTP\r\n\r\n');
    await expectUnavailable();
  });

  it.each(['reset', 'closed'])('in the middle of a response cuts it: %s', async (how) => {
    gateway.services.catalog.handle = (_req, res) => {
      res
        .writeHead(200, { 'content-length': 100 })
        .write('only a part', () =>
          how === 'reset' ? res.socket?.resetAndDestroy() : res.socket?.destroy(),
        );
    };
    await expect(gateway.call('/albums', { token })).rejects.toThrow();
    await eventually(() => expect(gateway.logs).toContainEqual(aborted('/albums')));
    expect(gateway.logs.filter(({ message }) => message === 'request failed').length).toBeLessThan(2);
  });

  it('in the middle of a response of unknown length cuts it as well', async () => {
    gateway.services.catalog.handle = (_req, res) => {
      res.writeHead(200).write('only a part', () => res.socket?.destroy());
    };
    await expect(gateway.call('/albums', { token })).rejects.toThrow();
  });

  it('while a body is sent to it gives 503', async () => {
    gateway.services.upload.handle = (req) => req.once('data', () => req.socket.resetAndDestroy());
    const reply = await gateway.call(chunks, { method: 'PUT', token, body: new Uint8Array(4_000_000) });
    expect(reply).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
  });

  it.each(['close', 'keep-alive'])(
    'by refusing a body before it has read it is heard (Connection: %s)',
    async (connection) => {
      gateway.services.upload.handle = (_req, res) => {
        res.writeHead(409, { 'content-type': 'application/json', connection }).end('{"early":true}');
      };
      for (let attempt = 0; attempt < 5; attempt++) {
        const reply = await gateway.call(chunks, { method: 'PUT', token, body: new Uint8Array(8_000_000) });
        expect(reply).toMatchObject({ status: 409, body: { early: true } });
      }
    },
  );

  it('is told that the client has closed its connection', async () => {
    let reached: Socket | undefined;
    let closed = false;
    gateway.services.catalog.handle = (req) => {
      reached = req.socket.once('close', () => {
        closed = true;
      });
    };
    const client = new AbortController();
    const reply = gateway.call('/albums', { token, signal: client.signal });
    await eventually(() => expect(reached).toBeDefined());
    client.abort();
    await expect(reply).rejects.toThrow();
    await eventually(() => expect(closed).toBe(true));
    expect(gateway.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

const aborted = (path: string) =>
  expect.objectContaining({
    message: 'request',
    fields: expect.objectContaining({ path, status: 'aborted' }),
  });

describeWithPostgres('a service at an address without a listener', () => {
  it('gives 503, and the node is not ready', async () => {
    const gateway = await startGateway({ kind: 'over HTTP' });
    try {
      expect(await gateway.call('/health/ready')).toMatchObject({ status: 200 });
      await gateway.services.catalog.close();
      const reply = await gateway.call('/albums', { token });
      expect(reply).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
      expect(await gateway.call('/health/ready')).toMatchObject({
        status: 503,
        body: { status: 'not_ready', checks: { catalog: 'failed', feed: 'ok', database: 'ok', store: 'ok' } },
      });
      expect(await gateway.call('/feed', { token })).toMatchObject({ status: 200 });
    } finally {
      await gateway.stop();
    }
  });
});
