import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Endpoint, endpoints } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type Gateway, startGateway, tokenOf } from './harness.js';

const token = tokenOf();
const table = Object.values<Endpoint>(endpoints);

describeWithPostgres('a node that is not claimed', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ kind: 'over HTTP' });
    gateway.state.claimed = false;
  });
  afterAll(() => gateway.stop());

  const call = ({ method, path }: Endpoint) =>
    gateway.call(path.replace('{token}', 'A'.repeat(43)).replace(/\{\w+\}/g, newId), {
      method: method.toUpperCase(),
      token,
    });

  it('serves what leads to a claim, and refuses everything else', async () => {
    for (const endpoint of table) {
      const reply = await call(endpoint);
      if (endpoint.whileUnclaimed) expect([endpoint.id, reply.status]).toEqual([endpoint.id, 200]);
      else expect(reply).toMatchObject({ status: 403, body: { code: 'server_unclaimed' } });
    }
  });

  it('says so before it asks for a token', async () => {
    expect(await gateway.call('/albums')).toMatchObject({ status: 403, body: { code: 'server_unclaimed' } });
  });

  it('shows its health and the documentation', async () => {
    expect(await gateway.call('/health')).toMatchObject({ status: 200, body: { service: 'gateway' } });
    expect(await gateway.call('/docs/openapi.yaml')).toMatchObject({ status: 200 });
  });

  it('opens with the claim, and stays open', async () => {
    gateway.state.claimed = true;
    for (const endpoint of table) expect((await call(endpoint)).status).toBe(200);
    gateway.state.claimed = false;
    expect(await gateway.call('/albums', { token })).toMatchObject({ status: 200 });
  });
});

describeWithPostgres('a node whose auth service does not respond', () => {
  it('does not take itself for unclaimed', async () => {
    const gateway = await startGateway();
    try {
      gateway.state.claimed = 'unknown';
      expect(await gateway.call('/albums', { token })).toMatchObject({
        status: 503,
        body: { code: 'service_unavailable' },
      });
    } finally {
      await gateway.stop();
    }
  });
});
