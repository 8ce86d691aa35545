import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Endpoint, endpoints, internalEndpoints } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type Gateway, startGateway, tokenOf } from './harness.js';
import { upstreamKinds } from './probe.js';

const table = Object.values<Endpoint>(endpoints);
const named = table.map(
  (endpoint) => [`${endpoint.method.toUpperCase()} ${endpoint.path}`, endpoint] as const,
);
const internal = Object.values<Endpoint>(internalEndpoints).map(
  ({ method, path }) => [method, path] as const,
);

const pathOf = (path: string): string =>
  path.replace('{token}', 'a'.repeat(43)).replace(/\{\w+\}/g, () => newId());
const token = tokenOf();

describeWithPostgres('the route table', () => {
  describe.each(upstreamKinds)('with services %s', (kind) => {
    let gateway: Gateway;
    beforeAll(async () => {
      gateway = await startGateway({ kind });
    });
    beforeEach(() => {
      for (const probe of Object.values(gateway.services)) probe.seen.length = 0;
    });
    afterAll(() => gateway.stop());

    const asked = () =>
      Object.entries(gateway.services).flatMap(([name, { seen }]) =>
        seen.map(({ method, url }) => ({ name, method, url })),
      );

    it.each(named)('%s goes to its service as it is', async (_, endpoint) => {
      const method = endpoint.method.toUpperCase();
      const url = `${pathOf(endpoint.path)}?a=%20b&a=c%2Fd&limit=1`;
      const body = endpoint.body ? { body: '{"some":"body"}' } : {};
      const reply = await gateway.call(url, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(endpoint.auth === 'bearer' ? { token } : {}),
        ...body,
      });
      expect(reply).toMatchObject({ status: 200, body: { service: endpoint.service } });
      expect(asked()).toEqual([{ name: endpoint.service, method, url }]);
    });

    it.each(named.filter(([, { auth }]) => auth === 'bearer'))(
      '%s is 401 without a valid token, and reaches no service',
      async (_, endpoint) => {
        const path = pathOf(endpoint.path);
        const method = endpoint.method.toUpperCase();
        const past = Math.floor(Date.now() / 1000) - 1;
        const bad = [undefined, 'nonsense', `${token}x`, tokenOf(newId(), { exp: past })];
        // Where a secret could be guessed, a few refusals end in 429.
        for (const given of endpoint.id === 'claimServer' ? bad.slice(0, 1) : bad) {
          const reply = await gateway.call(path, { method, token: given });
          expect(reply).toMatchObject({ status: 401, body: { code: 'unauthenticated', instance: path } });
          expect(reply.headers.get('content-type')).toMatch('application/problem+json');
          expect(reply.headers.get('www-authenticate')).toBe('Bearer');
        }
        expect(asked()).toEqual([]);
      },
    );

    it.each(named.filter(([, { params }]) => params))('%s names nothing without ids', async (_, endpoint) => {
      const method = endpoint.method.toUpperCase();
      for (const id of [
        'x',
        '..',
        '..%2f..%2finternal',
        '..\\internal\\uploads',
        '%00',
        '%2e%2e',
        ';',
        '*',
      ]) {
        const path = endpoint.path.replace(/\{\w+\}/g, id);
        // Clients resolve `/albums/..` themselves.
        if (new URL(path, gateway.url).pathname === '/') continue;
        const reply = await gateway.call(path, { method, token });
        expect(reply.status).toBeGreaterThanOrEqual(400);
        expect(reply.status).toBeLessThan(500);
      }
      expect(asked()).toEqual([]);
    });

    it.each(internal)('the internal path %s %s does not exist', async (method, path) => {
      const filled = pathOf(path);
      const inDisguise = [
        filled,
        filled.toUpperCase(),
        `/${filled}`,
        `/photos/..${filled}`,
        filled.replaceAll('/', '%2f').replace('%2f', '/'),
        filled.replace('internal', '%69nternal'),
      ];
      for (const way of inDisguise) {
        const reply = await gateway.call(way, { method: method.toUpperCase(), token });
        expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
      }
      expect(asked()).toEqual([]);
    });

    it.each([
      '/metrics',
      '/auth/health',
      '/catalog/health',
      '/health/live',
      '/internal',
      '/photos/x/y/z',
      '/favicon.ico',
      '/media',
      '/docs/index.html',
    ])('%s does not exist', async (path) => {
      const reply = await gateway.call(path, { token });
      expect(reply).toMatchObject({ status: 404, body: { code: 'not_found', instance: path } });
      expect(asked()).toEqual([]);
    });

    it('a method that a path does not have is 405 and names those that it has', async () => {
      const allowed = new Map<string, Set<string>>();
      for (const { path, method } of table) {
        const known = allowed.get(path) ?? new Set();
        allowed.set(path, known.add(method.toUpperCase()));
      }
      for (const [path, methods] of allowed) {
        const offered = methods.has('GET') ? [...methods, 'HEAD'] : [...methods];
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
          if (offered.includes(method)) continue;
          const reply = await gateway.call(pathOf(path), { method, token });
          expect(reply).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
          expect(reply.headers.get('allow')?.split(', ').sort()).toEqual(offered.sort());
        }
      }
      expect(asked()).toEqual([]);
    });

    it('HEAD is passed on where GET is', async () => {
      const reply = await gateway.call('/albums', { method: 'HEAD', token });
      expect(reply).toMatchObject({ status: 200, text: '' });
      expect(asked()).toMatchObject([{ name: 'catalog', method: 'HEAD' }]);
    });

    it('the request id is taken over, passed on and returned; a bad one is replaced', async () => {
      const reply = await gateway.call('/albums', { token, headers: { 'x-request-id': 'phone:42' } });
      expect(reply.headers.get('x-request-id')).toBe('phone:42');
      const made = await gateway.call('/albums', { token, headers: { 'x-request-id': 'has spaces <b>' } });
      const given = made.headers.get('x-request-id');
      expect(given).toMatch(/^[0-9a-f-]{36}$/);
      expect(gateway.services.catalog.seen.map(({ headers }) => headers['x-request-id'])).toEqual([
        'phone:42',
        given,
      ]);
      expect((await gateway.call('/nowhere', { headers: { 'x-request-id': 'q1' } })).body.requestId).toBe(
        'q1',
      );
    });

    it('every response forbids scripts, frames and sniffing', async () => {
      for (const path of ['/albums', '/nowhere', '/docs/openapi.yaml']) {
        const { headers } = await gateway.call(path, { token });
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('content-security-policy')).toMatch("default-src 'none'");
        expect(headers.get('x-powered-by')).toBeNull();
      }
    });
  });
});
