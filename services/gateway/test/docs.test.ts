import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Endpoint, endpoints } from '@lazyphotos/contracts';
import { openApiYaml } from '@lazyphotos/contracts/openapi';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type Gateway, startGateway } from './harness.js';

describeWithPostgres('the documentation', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  it('is the OpenAPI document of the contracts, for everybody', async () => {
    const reply = await gateway.call('/docs/openapi.yaml');
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toMatch('application/yaml');
    expect(reply.text).toBe(openApiYaml());
    for (const { path } of Object.values<Endpoint>(endpoints)) expect(reply.text).toContain(`\n  ${path}:`);
  });

  it('is found under /docs', async () => {
    const reply = await gateway.call('/docs');
    expect(reply.status).toBe(302);
    expect(reply.headers.get('location')).toBe('/docs/openapi.yaml');
  });

  it('cannot be written to', async () => {
    const reply = await gateway.call('/docs/openapi.yaml', { method: 'PUT', body: 'x' });
    expect(reply).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
    expect(reply.headers.get('allow')).toBe('GET, HEAD');
  });
});
