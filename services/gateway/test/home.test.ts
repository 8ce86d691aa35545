import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type Gateway, startGateway } from './harness.js';
import { sendRaw } from './raw.js';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

describeWithPostgres('the home page of a node', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  const get = (headers: Record<string, string> = {}, method = 'GET') =>
    gateway.call('/', { method, headers: { accept: BROWSER, ...headers } });

  it('is a page for browsers, with a policy of its own', async () => {
    const { status, headers, text } = await get();
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^;]+'; script-src 'none';/,
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('vary')).toBe('Accept-Language, Accept');
    for (const link of ['/docs', '/openapi.json', '/health', '/health/ready'])
      expect(text).toContain(`href="${link}"`);
    expect(text).toContain('This node has an owner');
    expect(text).not.toContain('lazyphotos claim');
  });

  it.each([undefined, '*/*', 'application/json', 'image/png', 'application/json, text/html;q=0.5'])(
    'is JSON for a client that accepts %s',
    async (accept) => {
      const reply = await gateway.call('/', accept ? { headers: { accept } } : {});
      expect(reply).toMatchObject({
        status: 200,
        body: {
          name: 'LazyPhotos',
          version: '1.2.3',
          claimed: true,
          docs: '/docs',
          openapi: '/openapi.json',
          health: '/health',
          readiness: '/health/ready',
        },
      });
      expect(reply.headers.get('vary')).toMatch('Accept');
    },
  );

  const onNode = async (claimed: boolean | 'unknown', look: (other: Gateway) => Promise<void>) => {
    const other = await startGateway();
    other.state.claimed = claimed;
    await look(other).finally(() => other.stop());
  };

  it('says how to claim a node, and not the code', () =>
    onNode(false, async (other) => {
      const { status, text } = await other.call('/', { headers: { accept: BROWSER } });
      expect(status).toBe(200);
      expect(text).toContain('This node has no owner yet');
      expect(text).toContain('claim-code.txt');
      expect(text).toContain(`npx lazyphotos claim --server ${other.url}`);
      expect(text).not.toMatch(/[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}/);
      expect((await other.call('/')).body.claimed).toBe(false);
      other.state.claimed = true;
      expect((await other.call('/')).body.claimed).toBe(true);
    }));

  it('is there while the auth service is not', () =>
    onNode('unknown', async (other) => {
      const page = await other.call('/', { headers: { accept: BROWSER } });
      expect(page.status).toBe(200);
      expect(page.text).toContain('does not respond at the moment');
      const { status, body } = await other.call('/');
      expect(status).toBe(200);
      expect(body).not.toHaveProperty('claimed');
    }));

  it.each([
    ['de-AT,de;q=0.9,en;q=0.8', 'de', 'Die Fotos der Familie'],
    ['fr, de;q=0.5, en;q=0.1', 'de', 'Die Fotos der Familie'],
    ['en-US,en;q=0.9,de;q=0.8', 'en', 'Your family’s photos'],
    ['fr', 'en', 'Your family’s photos'],
    ['*', 'en', 'Your family’s photos'],
    ['nonsense;;q=x', 'en', 'Your family’s photos'],
  ])('for "%s" is in the language %s', async (accepted, language, heading) => {
    const { headers, text } = await get({ 'accept-language': accepted });
    expect(headers.get('content-language')).toBe(language);
    expect(text).toContain(`<html lang="${language}">`);
    expect(text).toContain(heading);
  });

  it('has a HEAD, and no other method', async () => {
    const head = await get({}, 'HEAD');
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers.get('content-security-policy')).toMatch("default-src 'none'");
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const reply = await get({}, method);
      expect(reply).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
      expect(reply.headers.get('allow')).toBe('GET, HEAD');
    }
  });

  it.each(['node.example;rm', 'node.example"><script>', '$(id).example', 'a`b'])(
    'shows no command with the host %s in it',
    async (host) => {
      const { status, body } = await sendRaw(
        gateway.port,
        `GET / HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`,
      );
      expect(status).toBe(200);
      expect(body).toContain('npx lazyphotos upload ~/Pictures<');
      expect(body).not.toContain('--server');
      expect(body).not.toContain(host);
    },
  );
});
