import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually, http } from '@lazyphotos/testkit';
import { currentRequestId } from '../src/index.js';
import { serveApp, type TestApp } from './helpers.js';

describe('the request id', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await serveApp(({ router }) => {
      router.get('/echo/:id', async (_req, res) => {
        await nextTurn();
        res.json({ requestId: currentRequestId() });
      });
    });
  });
  afterEach(() => app.close());
  const ask = (id?: string) =>
    http(`${app.url}/echo/1`, id === undefined ? {} : { headers: { 'x-request-id': id } });

  test('is taken from the request, sent back, and known to all that the request does', async () => {
    for (const id of ['a', 'web:1.2_3-4', 'x'.repeat(100)]) {
      const reply = await ask(id);
      expect(reply.headers.get('x-request-id')).toBe(id);
      expect(reply.body.requestId).toBe(id);
    }
  });

  test('is made when there is none', async () => {
    const [one, two] = [await ask(), await ask()];
    expect(one.body.requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(one.body.requestId).not.toBe(two.body.requestId);
    expect(one.headers.get('x-request-id')).toBe(one.body.requestId);
  });

  test.each(['', ' ', 'a b', 'x'.repeat(101), '<script>', 'a,b', 'é', '"quoted"'])(
    'is made when the given one is odd: %j',
    async (id) => {
      expect((await ask(id)).body.requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    },
  );

  test('keeps requests at the same time apart', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `request-${index}`);
    const replies = await Promise.all(ids.map((id) => ask(id)));
    expect(replies.map(({ body }) => body.requestId)).toEqual(ids);
  });

  test('is in the log line of each request, without the query', async () => {
    await http(`${app.url}/echo/1?token=abc`, { headers: { 'x-request-id': 'logged' } });
    await eventually(() =>
      expect(app.lines).toContainEqual({
        level: 'info',
        message: 'request',
        fields: {
          requestId: 'logged',
          method: 'GET',
          path: '/echo/1',
          status: 200,
          ms: expect.any(Number),
        },
      }),
    );
  });
});
