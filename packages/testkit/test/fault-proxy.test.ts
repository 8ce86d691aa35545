import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type FaultProxy, startFaultProxy } from '../src/fault-proxy.js';
import { http, type Listening, listen } from '../src/http.js';

let node: Listening;
let proxy: FaultProxy;
/** What reached the node: the requests with the length of their bodies. */
let received: string[];

beforeEach(async () => {
  received = [];
  node = await listen(async (req, res) => {
    const { length } = await buffer(req);
    received.push(`${req.method} ${req.url} ${length}`);
    const isJson = req.url !== '/bytes';
    const body = isJson ? JSON.stringify({ url: `${node.url}/next`, accessToken: 'new' }) : 'x'.repeat(1000);
    res.setHeader('content-type', isJson ? 'application/json' : 'image/jpeg');
    res.setHeader('content-length', Buffer.byteLength(body));
    res.end(body);
  });
  proxy = await startFaultProxy(node.url);
});
afterEach(async () => {
  await proxy.close();
  await node.close();
});

const problem = (status: number, code: string) => ({ status, body: { code } });

describe('the fault proxy', () => {
  test('looks like the node, and counts', async () => {
    const { body } = await http(`${proxy.url}/a`, { json: { b: 1 } });
    expect(body).toMatchObject({ url: `${proxy.url}/next` });
    expect(received).toEqual(['POST /a 7']);
    expect([proxy.count('POST /a'), proxy.bytes('POST '), proxy.count('GET ')]).toEqual([1, 7, 0]);
    expect(proxy.bodies('POST ')).toEqual([{ b: 1 }]);
  });

  test('refuses with a status, so often, after so many, and one fault after the other', async () => {
    proxy.fail({ on: 'GET /a', effect: { status: 503, retryAfter: 7 }, after: 1 });
    proxy.fail({ on: 'GET /a', effect: { status: 507, code: 'storage_full' } });
    const replies = [];
    for (let count = 0; count < 4; count++) replies.push(await http(`${proxy.url}/a`));
    // The second fault meets the request that the first one lets through.
    expect(replies.map(({ status }) => status)).toEqual([507, 503, 200, 200]);
    expect(replies[1]?.headers.get('retry-after')).toBe('7');
    expect(replies[0]).toMatchObject(problem(507, 'storage_full'));
    expect(received).toHaveLength(2);
  });

  test('cuts a request before the node has it, and a response after so many bytes', async () => {
    proxy.fail({ on: 'PUT ', effect: { cutAfterBytes: 1 } });
    await expect(http(`${proxy.url}/a`, { method: 'PUT', body: 'abc' })).rejects.toThrow();
    expect(received).toEqual([]);
    proxy.fail({ on: 'GET ', effect: { cutAfterBytes: 300 } });
    const response = await fetch(`${proxy.url}/bytes`);
    let length = 0;
    const reading = (async () => {
      for await (const piece of response.body ?? []) length += (piece as Uint8Array).length;
    })();
    await expect(reading).rejects.toThrow();
    expect(length).toBeLessThanOrEqual(300);
    expect(received).toEqual(['GET /bytes 0']);
  });

  test('loses a request, or the response to one that the node has handled', async () => {
    proxy.fail({ on: 'PUT ', effect: { loseRequest: true } });
    expect((await http(`${proxy.url}/a`, { method: 'PUT', body: 'abc' })).status).toBe(204);
    expect(received).toEqual([]);
    proxy.fail({ on: 'PUT ', effect: { loseResponse: true } });
    await expect(http(`${proxy.url}/a`, { method: 'PUT', body: 'abc' })).rejects.toThrow();
    expect(received).toEqual(['PUT /a 3']);
  });

  test('holds a request, sends it elsewhere, and changes a response', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    proxy.fail({ on: 'GET /a', effect: { until: promise } });
    const held = http(`${proxy.url}/a`);
    await http(`${proxy.url}/b`);
    expect(received).toEqual(['GET /b 0']);
    resolve();
    expect((await held).status).toBe(200);
    proxy.fail({ on: 'GET /a', effect: { path: (path) => `${path}?limit=2` } });
    await http(`${proxy.url}/a`);
    expect(received.at(-1)).toBe('GET /a?limit=2 0');
    proxy.fail({ on: 'GET /a', effect: { edit: () => ({ other: true }), asStatus: 503 } });
    expect(await http(`${proxy.url}/a`)).toMatchObject({ status: 503, body: { other: true } });
  });

  test('lets the access tokens expire that it has seen, also those that were only issued', async () => {
    expect((await http(`${proxy.url}/a`, { token: 'old' })).status).toBe(200);
    proxy.expireAccessTokens();
    for (const token of ['old', 'new'])
      expect(await http(`${proxy.url}/a`, { token })).toMatchObject(problem(401, 'unauthenticated'));
    expect((await http(`${proxy.url}/a`, { token: 'newer' })).status).toBe(200);
  });

  test('is away once it is closed', async () => {
    await proxy.close();
    await expect(http(`${proxy.url}/a`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });
});
