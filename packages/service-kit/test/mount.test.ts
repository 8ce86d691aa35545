import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { defineEndpoint } from '@lazyphotos/contracts';
import { type HttpOptions, http } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { z } from 'zod';
import { saveNote, serveApp, serveEndpoint, type TestApp } from './helpers.js';

describe('an endpoint', () => {
  let app: TestApp | undefined;
  afterEach(() => app?.close());

  const calls: unknown[] = [];
  const serve = async () => {
    calls.length = 0;
    app = await serveEndpoint(saveNote, async ({ params, query, body }) => {
      calls.push({ params, query, body });
      return { saved: body.text, limit: query.limit };
    });
    return app;
  };
  const ID = randomUUID();
  const post = async (path: string, options: HttpOptions) => {
    const { url } = await serve();
    return http(`${url}${path}`, { method: 'POST', ...options });
  };

  test('gives the handler the validated request, and responds as its schema says', async () => {
    const reply = await post(`/notes/${ID}?limit=5`, { json: { text: 'hello', tags: ['a'] } });
    expect(reply).toMatchObject({ status: 201, body: { saved: 'hello', limit: 5 } });
    expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.headers.get('x-powered-by')).toBeNull();
    expect(calls).toEqual([
      { params: { id: ID }, query: { limit: 5 }, body: { text: 'hello', tags: ['a'] } },
    ]);
  });

  test('ignores unknown fields, and fills in defaults', async () => {
    const reply = await post(`/notes/${ID}?who=knows`, { json: { text: 'x', nonsense: { a: 1 } } });
    expect(reply.status).toBe(201);
    expect(calls).toEqual([{ params: { id: ID }, query: { limit: 10 }, body: { text: 'x', tags: [] } }]);
  });

  test('names everything that is wrong with a request', async () => {
    const reply = await post(`/notes/${ID}?limit=many`, { json: { text: '', tags: ['a', 'b', 'c'] } });
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    const paths = (reply.body.errors as { path: string; message: string }[]).map(({ path, message }) => {
      expect(message.length).toBeGreaterThan(3);
      return path;
    });
    expect(paths.sort()).toEqual(['body.tags', 'body.text', 'query.limit']);
    expect(calls).toEqual([]);
  });

  test.each([
    ['no body', {}],
    ['a body that is not an object', { json: 'text' }],
    ['null', { json: null }],
    ['a list', { json: [{ text: 'x' }] }],
  ])('refuses %s where one is wanted', async (_title, options) => {
    const reply = await post(`/notes/${ID}`, options);
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(reply.body.errors[0].path).toMatch(/^body/);
  });

  test.each([
    ['no Content-Length', undefined],
    ['Content-Length: 0', ''],
  ])('takes a request with %s for one without a body', async (_title, body) => {
    const headers = { 'content-type': 'application/json' };
    const options = { method: 'POST', headers, ...(body === undefined ? {} : { body }) };
    const all = { text: z.string().default('none') };
    for (const [schema, status] of [
      [z.object(all).prefault({}), 200],
      [z.object(all), 400],
    ] as const) {
      const endpoint = defineEndpoint({
        id: 'say',
        service: 'catalog',
        method: 'post',
        path: '/say',
        summary: 'Say something',
        auth: 'none',
        body: schema,
        success: { status: 200, body: z.object(all), description: 'Said' },
      });
      app = await serveEndpoint(endpoint, async ({ body }) => body);
      const reply = await http(`${app.url}/say`, options);
      expect(reply).toMatchObject(
        status === 200 ? { status, body: { text: 'none' } } : { status, body: { code: 'invalid_request' } },
      );
      await app.close();
    }
  });

  test.each(['{"text": ', 'text=hello', '{"text":"a"} trailing'])('refuses %j as no JSON', async (body) => {
    const reply = await post(`/notes/${ID}`, { body, headers: { 'content-type': 'application/json' } });
    expect(reply).toMatchObject({ status: 400, body: { code: 'malformed_json' } });
    expect(reply.text).not.toMatch(/position|SyntaxError|at JSON/);
  });

  test('accepts JSON under any content type, and compressed', async () => {
    const body = JSON.stringify({ text: 'plain' });
    expect(await post(`/notes/${ID}`, { body })).toMatchObject({ status: 201, body: { saved: 'plain' } });
    await app?.close();
    const compressed = await post(`/notes/${ID}`, {
      body: new Uint8Array(gzipSync(body)),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(compressed).toMatchObject({ status: 201, body: { saved: 'plain' } });
  });

  test.each([
    ['gzip', 'not gzip at all'],
    ['deflate', 'not deflated at all'],
    ['br', 'not Brotli at all'],
    ['br', '\u0000\u0001 nor this'],
    ['zstd', 'not Zstandard at all'],
    ['rot13', 'whatever'],
  ])('a broken content encoding is the fault of the client: %s', async (encoding, body) => {
    const reply = await post(`/notes/${ID}`, { body, headers: { 'content-encoding': encoding } });
    expect(reply).toMatchObject({ status: 400, body: { code: 'malformed_json' } });
  });

  test.each(['gzip', 'deflate', 'br', 'zstd'])(
    'no bytes under %s are a fault of the service',
    async (encoding) => {
      const { url } = await serve();
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
          const headers = { 'content-encoding': encoding };
          const { status } = await http(`${url}/notes/${ID}`, { method: 'POST', headers, body: bytes });
          expect(status).toBe(400);
        }),
      );
    },
  );

  test('refuses a body that is too large, also one that unpacks to it', async () => {
    const huge = JSON.stringify({ text: 'x'.repeat(2_000_000) });
    const reply = await post(`/notes/${ID}`, { body: huge });
    expect(reply).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
    await app?.close();
    const bomb = await post(`/notes/${ID}`, {
      body: new Uint8Array(gzipSync(huge)),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(bomb).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
  });

  test('an id that is not a UUID is an unknown one', async () => {
    const reply = await post('/notes/42', { json: { text: 'x' } });
    expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(reply.body.errors).toBeUndefined();
  });

  test('a path that cannot be decoded is refused', async () => {
    expect(await post('/notes/%zz', { json: { text: 'x' } })).toMatchObject({ status: 400 });
  });

  test('a wrong cursor has a code of its own', async () => {
    const reply = await post(`/notes/${ID}?cursor=much-too-long`, { json: { text: 'x' } });
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  });

  test('a parameter that is given twice is refused', async () => {
    const reply = await post(`/notes/${ID}?limit=1&limit=2`, { json: { text: 'x' } });
    expect(reply).toMatchObject({ status: 400, body: { errors: [{ path: 'query.limit' }] } });
  });

  test('a response that does not fit its schema is an error in tests', async () => {
    app = await serveEndpoint(saveNote, async () => ({ saved: 7, limit: 'x' }) as never);
    const reply = await http(`${app.url}/notes/${ID}`, { json: { text: 'x' } });
    expect(reply).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    expect(JSON.stringify(app.lines)).toContain('saveNote');
  });

  test('a response without a body, and one that the handler has sent itself', async () => {
    const base = {
      service: 'catalog',
      summary: 'x',
      auth: 'none',
      success: { status: 204, description: 'x' },
    } as const;
    const empty = defineEndpoint({ ...base, id: 'empty', method: 'delete', path: '/empty' });
    const own = defineEndpoint({
      ...base,
      id: 'own',
      method: 'put',
      path: '/own',
      body: 'binary',
      query: z.object({}),
    });
    app = await serveApp(({ mount }) => {
      mount(empty, async () => undefined);
      mount(own, async ({ req, res }) => {
        let size = 0;
        for await (const chunk of req) size += (chunk as Buffer).length;
        res.status(200).end(String(size));
        return undefined;
      });
    });
    expect(await http(`${app.url}/empty`, { method: 'DELETE' })).toMatchObject({ status: 204, text: '' });
    const reply = await http(`${app.url}/own`, { method: 'PUT', body: 'x'.repeat(3_000_000) });
    expect(reply).toMatchObject({ status: 200, text: '3000000' });
  });
});
