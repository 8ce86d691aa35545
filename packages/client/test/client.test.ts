import { describe, expect, test } from '@jest/globals';
import {
  ApiError,
  createClient,
  createMemoryTokenStore,
  NetworkError,
  UnexpectedResponseError,
} from '../src/index.js';
import { normalizeBaseUrl } from '../src/request.js';
import { parseProblem, retryAfterOf } from '../src/transport.js';
import { quickRetries, signedIn, until } from './helpers.js';

describe('calls', () => {
  test('responses are typed and checked', async () => {
    const { client, email } = await signedIn();
    await expect(client.serverStatus()).resolves.toMatchObject({ claimed: true, version: '0.1.0' });
    await expect(client.me()).resolves.toMatchObject({ email });
    await expect(client.listPhotos({ query: { limit: 5 } })).resolves.toMatchObject({
      photos: [],
      hasMore: false,
    });
  });

  test('a problem becomes an ApiError with its code', async () => {
    const { client } = await signedIn();
    const error = await client
      .getPhoto({ params: { id: crypto.randomUUID() } })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 404, code: 'not_found', requestId: expect.stringMatching(/\S/) });
  });

  test('a success that breaks the contract is an error', async () => {
    const fetch: typeof globalThis.fetch = async () => new Response('{"claimed":"yes"}', { status: 200 });
    const client = createClient({ baseUrl: 'http://node.test', tokens: createMemoryTokenStore(), fetch });
    await expect(client.serverStatus()).rejects.toThrow(UnexpectedResponseError);
  });

  test('a redirect names the address to use', async () => {
    const headers = { location: 'https://node.test/servers/status' };
    const fetch: typeof globalThis.fetch = async () => new Response(null, { status: 308, headers });
    const client = createClient({ baseUrl: 'http://node.test', tokens: createMemoryTokenStore(), fetch });
    await expect(client.serverStatus()).rejects.toThrow(/redirects to https:\/\/node\.test/);
  });

  test('addresses are checked', () => {
    expect(normalizeBaseUrl('http://PI.local:8080/')).toBe('http://pi.local:8080');
    expect(normalizeBaseUrl('https://example.org/photos//')).toBe('https://example.org/photos');
    for (const bad of ['pi.local', 'ftp://pi.local', 'http://a:b@pi.local', 'http://pi.local/?x=1']) {
      expect(() => normalizeBaseUrl(bad)).toThrow(TypeError);
    }
  });
});

describe('retries', () => {
  test('a cut connection and a busy node are tried again', async () => {
    const { node, client, email } = await signedIn();
    node.fail({ on: 'GET /auth/me', effect: { cutAfterBytes: 0 } });
    node.fail({ on: 'GET /auth/me', effect: { status: 503 }, times: 2 });
    await expect(client.me()).resolves.toMatchObject({ email });
    expect(node.count('GET /auth/me')).toBe(4);
  });

  test('a response that is cut off or lost is asked for again', async () => {
    const { node, client, email } = await signedIn();
    node.fail({ on: 'GET /auth/me', effect: { cutAfterBytes: 20 } });
    node.fail({ on: 'GET /auth/me', effect: { loseResponse: true } });
    await expect(client.me()).resolves.toMatchObject({ email });
    expect(node.count('GET /auth/me')).toBe(3);
  });

  test('they are bounded', async () => {
    const { node, client } = await signedIn();
    node.fail({ on: 'GET /auth/me', effect: { status: 502, code: 'bad_gateway' }, times: 100 });
    await expect(client.me()).rejects.toMatchObject({ status: 502, code: 'bad_gateway' });
    expect(node.count('GET /auth/me')).toBe(quickRetries.retries + 1);
  });

  test('Retry-After is waited for', async () => {
    const { node, client } = await signedIn();
    node.fail({ on: 'GET /auth/me', effect: { status: 429, code: 'rate_limited', retryAfter: 1 } });
    const start = performance.now();
    await client.me();
    expect(performance.now() - start).toBeGreaterThan(950);
  });

  test('a wait that is too long is not', async () => {
    const { node, client } = await signedIn();
    node.fail({ on: 'GET /auth/me', effect: { status: 429, code: 'rate_limited', retryAfter: 3600 } });
    await expect(client.me()).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 3600 });
  });

  test('logins are never repeated, nor is a full disk', async () => {
    const { node, client } = await signedIn();
    const before = node.count('POST /auth/login');
    node.fail({ on: 'POST /auth/login', effect: { status: 503 } });
    await expect(client.login({ body: { email: 'a@example.org', password: 'x' } })).rejects.toThrow(ApiError);
    expect(node.count('POST /auth/login')).toBe(before + 1);
    node.fail({ on: 'GET /auth/me', effect: { status: 507, code: 'storage_full' } });
    await expect(client.me()).rejects.toMatchObject({ code: 'storage_full' });
  });

  test('an address without a listener is a NetworkError that was never sent', async () => {
    const { node, client } = await signedIn();
    await node.close();
    const error = await client.me().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ sent: false, code: 'ECONNREFUSED' });
  });

  test('an abort ends the waiting with its reason', async () => {
    const { node, client } = await signedIn();
    node.fail({ on: 'GET /auth/me', effect: { status: 503, retryAfter: 30 }, times: 9 });
    const controller = new AbortController();
    const failed = expect(client.me(undefined, { signal: controller.signal })).rejects.toThrow('enough');
    await until(() => node.responded('GET /auth/me') === 1);
    controller.abort(new Error('enough'));
    await failed;
    expect(node.count('GET /auth/me')).toBe(1);
  });

  test('a node that never responds is given up', async () => {
    const { node, client } = await signedIn();
    node.fail({ on: 'POST /auth/login', effect: { until: new Promise(() => undefined) } });
    const login = client.login({ body: { email: 'a@example.org', password: 'x' } }, { idleTimeoutMs: 100 });
    await expect(login).rejects.toThrow(/no response for 0.1 s/);
  });
});

test('problems are read leniently', () => {
  expect(parseProblem('<html>')).toBeUndefined();
  expect(parseProblem('{"code":"from_the_future","detail":3}')).toMatchObject({ code: 'from_the_future' });
  expect(retryAfterOf('7')).toBe(7);
  expect(retryAfterOf('Thu, 01 Jan 1970 00:00:10 GMT', 4000)).toBe(6);
  expect(retryAfterOf('soon')).toBeUndefined();
});
