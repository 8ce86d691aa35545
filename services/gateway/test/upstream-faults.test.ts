import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { createTestDatabase as _unused, describeWithPostgres, eventually, freePort } from '@lazyphotos/testkit';
import { type Gateway, startGateway, tokenOf } from './harness.js';

const token = tokenOf();
const unavailable = {
  status: 503,
  body: { code: 'service_unavailable', status: 503, requestId: expect.any(String), instance: '/albums' },
};

describeWithPostgres('an upstream over HTTP', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ kind: 'over HTTP' });
  });
  afterEach(() => {
    gateway.services.catalog.handle = undefined;
    gateway.services.upload.handle = undefined;
  });
  afterAll(() => gateway.stop());

  const chunks = `/upload-sessions/${newId()}/chunks?offset=0`;
  const works = async () =>
    expect(await gateway.call('/albums', { token })).toMatchObject({ status: 200, body: { service: 'catalog' } });

  it('resets', async () => {
    gateway.services.catalog.handle = (req) => req.socket.resetAndDestroy();
    const reply = await gateway.call('/albums', { token });
    expect(reply).toMatchObject(unavailable);
    expect(reply.headers.get('retry-after')).toBe('5');
    gateway.services.catalog.handle = undefined;
    await works();
  });
  it('hangs', async () => {
    gateway.services.catalog.handle = () => undefined;
    const reply = await gateway.call('/albums', { token });
    expect(reply).toMatchObject(unavailable);
    gateway.services.catalog.handle = undefined;
    await works();
  });
  it('dies in mid answer', async () => {
    gateway.services.catalog.handle = (_req, res) => {
      res.writeHead(200, { 'content-length': 100 }).write('half');
      setTimeout(() => res.socket?.resetAndDestroy(), 50);
    };
    await expect(gateway.call('/albums', { token })).rejects.toThrow();
    gateway.services.catalog.handle = undefined;
    await works();
    expect(gateway.logs.filter((line) => line.level !== 'info')).toEqual([]);
  });
  it.each([1, 2, 3, 4, 5])('answers early %s', async () => {
    gateway.services.upload.handle = (_req, res) => {
      res.writeHead(409, { 'content-type': 'application/json', connection: 'close' }).end('{"early":true}');
    };
    const body = new Uint8Array(8_000_000);
    const reply = await gateway.call(chunks, { method: 'PUT', token, body });
    expect(reply).toMatchObject({ status: 409, body: { early: true } });
  });
  it.each([1, 2, 3, 4, 5])('gateway answers early %s', async () => {
    const body = new Uint8Array(8_000_000);
    const reply = await gateway.call(chunks, { method: 'PUT', body });
    expect(reply).toMatchObject({ status: 401 });
  });
});
