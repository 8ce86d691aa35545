import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defineEndpoint, type ServiceName } from '@lazyphotos/contracts';
import { createServiceKeys, http, recordingLogger } from '@lazyphotos/testkit';
import { z } from 'zod';
import { createPeerGuard, Peers, SERVICE_TOKEN_HEADER } from '../src/index.js';
import { identityOf } from '../src/testing.js';
import { serveApp, type TestApp, whoAmI } from './helpers.js';

const inside = defineEndpoint({
  id: 'inside',
  service: 'catalog',
  method: 'post',
  path: '/internal/things',
  summary: 'For the upload service',
  auth: 'service',
  callers: ['upload'],
  success: {
    status: 200,
    body: z.object({ headers: z.record(z.string(), z.unknown()) }),
    description: 'Done',
  },
});
const open = defineEndpoint({
  ...inside,
  id: 'open',
  method: 'get',
  path: '/open',
  auth: 'none',
  callers: [],
});

const keys = createServiceKeys();
const peersOf = (name: ServiceName): Peers => new Peers(identityOf(name, keys));

describe('a service that has a port of its own', () => {
  let app: TestApp;
  const { logger, lines } = recordingLogger();
  beforeAll(async () => {
    app = await serveApp(
      ({ mount, router }) => {
        mount(inside, async ({ req }) => ({ headers: req.headers }));
        mount(open, async ({ req }) => ({ headers: req.headers }));
        mount(whoAmI, async ({ principal }) => ({ userId: principal.userId }));
        router.get('/fault', () => {
          throw new Error('a defect');
        });
      },
      { name: 'catalog', logger, peerGuard: createPeerGuard(identityOf('catalog', keys), logger) },
    );
  });
  afterAll(() => app.close());

  const ask = (path: string, token?: string, method = 'GET') =>
    http(app.url + path, { method, headers: token === undefined ? {} : { [SERVICE_TOKEN_HEADER]: token } });
  const refused = { status: 403, body: { code: 'peer_required' } };

  test('refuses every request without a good service token', async () => {
    const forAnother = peersOf('upload').tokenFor('feed');
    for (const token of [undefined, '', 'nonsense', forAnother]) {
      for (const [path, method] of [
        ['/open', 'GET'],
        ['/internal/things', 'POST'],
        ['/me', 'GET'],
        ['/nowhere', 'GET'],
        ['/health', 'POST'],
        ['/health/ready', 'DELETE'],
        ['/health/more', 'GET'],
      ] as const) {
        expect(await ask(path, token, method)).toMatchObject(refused);
      }
    }
    expect(lines.at(-1)).toMatchObject({ level: 'info', message: 'request' });
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: { reason: expect.stringContaining('audience') } }),
    );
  });

  test('shows its health without a token', async () => {
    expect(await ask('/health')).toMatchObject({ status: 200, body: { service: 'catalog' } });
    expect(await ask('/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
    expect(await ask('/health/ready', 'nonsense')).toMatchObject({ status: 200 });
  });

  test('serves public endpoints to the gateway and to every peer', async () => {
    for (const name of ['gateway', 'auth', 'upload', 'feed', 'media-worker'] as const) {
      expect(await ask('/open', peersOf(name).tokenFor('catalog'))).toMatchObject({ status: 200 });
    }
  });

  test('still needs the access token of the user', async () => {
    expect(await ask('/me', peersOf('gateway').tokenFor('catalog'))).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
  });

  test('serves internal endpoints only to the services that they are for', async () => {
    const post = (name: ServiceName) => ask('/internal/things', peersOf(name).tokenFor('catalog'), 'POST');
    expect(await post('upload')).toMatchObject({ status: 200 });
    for (const name of ['gateway', 'feed', 'auth', 'media-worker', 'catalog'] as const) {
      expect(await post(name)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
  });

  test('neither shows nor logs a token, not even after an error', async () => {
    const token = peersOf('upload').tokenFor('catalog');
    const replies = [
      await ask('/internal/things', token, 'POST'),
      await ask('/fault', token),
      await ask('/nowhere', token),
      await ask('/open', `${token}x`),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 500, 404, 403]);
    const [, , signature = 'none'] = token.split('.');
    for (const { text, headers } of replies) {
      expect(text + JSON.stringify([...headers])).not.toContain(signature);
    }
    expect(JSON.stringify(lines)).not.toContain(signature);
  });
});

describe('a service that shares a process with the others', () => {
  test('has no internal paths at all', async () => {
    const app = await serveApp(({ mount }) => {
      mount(inside, async ({ req }) => ({ headers: req.headers }));
      mount(open, async () => ({ headers: {} }));
    });
    try {
      const headers = { [SERVICE_TOKEN_HEADER]: peersOf('upload').tokenFor('catalog') };
      expect(await http(`${app.url}/internal/things`, { method: 'POST', headers })).toMatchObject({
        status: 404,
      });
      expect(await http(`${app.url}/open`)).toMatchObject({ status: 200 });
    } finally {
      await app.close();
    }
  });
});
