import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Endpoint, endpoints } from '@lazyphotos/contracts';
import { openApiJson, openApiYaml } from '@lazyphotos/contracts/openapi';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type Gateway, startGateway } from './harness.js';

describeWithPostgres('the documentation', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  const viewerPath = async () => {
    const { text } = await gateway.call('/docs');
    return /src="(\/docs\/redoc-[0-9a-f]{16}\.js)"/.exec(text)?.[1] ?? '';
  };

  it('is the OpenAPI document of the contracts, for everybody', async () => {
    const reply = await gateway.call('/docs/openapi.yaml');
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toMatch('application/yaml');
    expect(reply.text).toBe(openApiYaml());
    for (const { path } of Object.values<Endpoint>(endpoints)) expect(reply.text).toContain(`\n  ${path}:`);
  });

  it('is the same document as JSON', async () => {
    const reply = await gateway.call('/openapi.json');
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toMatch('application/json');
    expect(reply.text).toBe(openApiJson());
  });

  it('is a page that loads nothing from elsewhere', async () => {
    const { status, headers, text } = await gateway.call('/docs');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch('text/html');
    const policy = headers.get('content-security-policy') ?? '';
    const nonce = /<meta property="csp-nonce" content="([^"]+)"/.exec(text)?.[1] ?? '';
    expect(policy).toMatch(`'nonce-${nonce}'`);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(text).not.toMatch(/(src|href)="https?:/);
    expect(text).toContain('disable-telemetry="true"');
    const again = await gateway.call('/docs');
    expect(again.text).not.toContain(nonce);
  });

  it('brings its viewer, which browsers keep and fetch compressed', async () => {
    const path = await viewerPath();
    const reply = await gateway.call(path, { headers: { 'accept-encoding': 'gzip' } });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toMatch('text/javascript');
    expect(reply.headers.get('content-encoding')).toBe('gzip');
    expect(reply.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(reply.headers.get('vary')).toMatch('Accept-Encoding');
    const plain = await gateway.call(path, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(plain.headers.get('content-type')).toMatch('text/javascript');
    expect(plain.text).toBe(reply.text);
    expect(reply.text.length).toBeGreaterThan(1_000_000);
    expect(reply.text).not.toMatch(/https?:\/\/(cdn|otel)\./);
    expect(await gateway.call(path, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it('cannot be written to', async () => {
    for (const path of ['/docs', '/docs/openapi.yaml', '/openapi.json', await viewerPath()]) {
      const reply = await gateway.call(path, { method: 'PUT', body: 'x' });
      expect(reply).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
      expect(reply.headers.get('allow')).toBe('GET, HEAD');
    }
  });
});
