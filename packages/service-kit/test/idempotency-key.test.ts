import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { defineEndpoint } from '@lazyphotos/contracts';
import { http } from '@lazyphotos/testkit';
import { z } from 'zod';
import { createAuthenticate, type KeyedRequest, keyedRequest } from '../src/index.js';
import { createSigningKey, serveEndpoint, type TestApp } from './helpers.js';

const createThing = defineEndpoint({
  id: 'createThing',
  service: 'catalog',
  method: 'post',
  path: '/things',
  summary: 'Create a thing',
  auth: 'bearer',
  idempotencyKey: true,
  body: z.object({ name: z.string(), more: z.object({ a: z.number(), b: z.number() }).optional() }),
  success: { status: 201, body: z.object({ name: z.string() }), description: 'Created' },
});

describe('an Idempotency-Key', () => {
  const key = createSigningKey();
  const claims = key.claims();
  let app: TestApp | undefined;
  let seen: (KeyedRequest | undefined)[] = [];
  let fault: unknown;
  afterEach(async () => {
    seen = [];
    fault = undefined;
    await app?.close();
  });
  const create = async (json: object, header?: string) => {
    app = await serveEndpoint(
      createThing,
      async (call) => {
        seen.push(keyedRequest(createThing, call));
        if (fault) throw fault;
        return { name: call.body.name };
      },
      { authenticate: createAuthenticate(async () => key.keySet()) },
    );
    const headers = header === undefined ? {} : { 'idempotency-key': header };
    const reply = await http(`${app.url}/things`, { token: key.token(claims), json, headers });
    await app.close();
    return reply;
  };

  test('may be left out', async () => {
    expect((await create({ name: 'a' })).status).toBe(201);
    expect(seen).toEqual([undefined]);
  });

  test('comes with the user and a fingerprint that only the content changes', async () => {
    await create({ name: 'a', more: { a: 1, b: 2 } }, 'key-1');
    await create({ more: { b: 2, a: 1 }, name: 'a' }, 'key-1');
    await create({ name: 'b', more: { a: 1, b: 2 } }, 'key-1');
    const [one, same, other] = seen;
    expect(one).toMatchObject({ userId: claims.sub, key: 'key-1' });
    expect(same).toEqual(one);
    expect(other?.fingerprint).not.toBe(one?.fingerprint);
  });

  test.each(['', 'a b', 'x'.repeat(201), 'é'])('that is malformed is refused: %j', async (header) => {
    expect(await create({ name: 'a' }, header)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
    expect(seen).toEqual([]);
  });

  test('of another request has a problem code of its own; other faults keep theirs', async () => {
    fault = Object.assign(new Error('used'), { code: 'idempotency_key_reused' });
    expect(await create({ name: 'a' }, randomUUID())).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    fault = new Error('another');
    expect((await create({ name: 'a' }, randomUUID())).status).toBe(500);
  });
});
