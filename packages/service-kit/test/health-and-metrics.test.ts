import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, http } from '@lazyphotos/testkit';
import { Readiness } from '../src/health.js';
import { createMetrics, createServiceApp, serveMetrics } from '../src/index.js';
import { saveNote, serveApp, serveEndpoint, type TestApp } from './helpers.js';

const hanging = { ready: () => new Promise(() => undefined) };
const ok = { ready: async () => undefined };
const failing = {
  ready: async () => {
    throw new Error('down');
  },
};

describe('health', () => {
  let app: TestApp | undefined;
  afterEach(() => app?.close());

  test('a service is alive in any state of its dependencies, and is logged at debug level', async () => {
    app = await serveApp(() => undefined, { dependencies: { database: failing } });
    expect(await http(`${app.url}/health`)).toMatchObject({
      status: 200,
      body: { status: 'ok', service: 'notes', version: '1.2.3' },
    });
    await eventually(() => expect(app?.lines).toMatchObject([{ level: 'debug', message: 'request' }]));
  });

  test.each(['/health', '/health/ready'])('%s can be read only', async (path) => {
    app = await serveApp(() => undefined, { dependencies: { database: ok } });
    const reply = await http(app.url + path, { method: 'POST' });
    expect(reply).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
    expect(reply.headers.get('allow')).toBe('GET, HEAD');
    expect((await http(app.url + path, { method: 'HEAD' })).status).toBe(200);
  });

  test('it is ready when all its dependencies are', async () => {
    app = await serveApp(() => undefined, { dependencies: { database: ok, bus: ok } });
    expect(await http(`${app.url}/health/ready`)).toMatchObject({
      status: 200,
      body: { status: 'ready', checks: { database: 'ok', bus: 'ok' } },
    });
  });

  test('it is ready with a full store, since only then can anybody make room, and says so', async () => {
    const full = {
      ready: async () => {
        throw Object.assign(new Error('no room'), { code: 'storage_full' });
      },
    };
    app = await serveApp(() => undefined, { dependencies: { database: ok, store: full } });
    expect(await http(`${app.url}/health/ready`)).toMatchObject({
      status: 200,
      body: { status: 'ready', checks: { database: 'ok', store: 'full' } },
    });
    // The service that needs it sees the same.
    await expect(new Readiness({ store: full }).require()).rejects.toMatchObject({ code: 'storage_full' });
    await expect(new Readiness({ store: full, bus: failing }).require()).rejects.toThrow('not ready: bus');
  });

  test('many requests at the same time check the dependencies once', async () => {
    let asked = 0;
    const { promise: allAreHere, resolve } = Promise.withResolvers<void>();
    const slow = {
      ready: async () => {
        asked += 1;
        await allAreHere;
      },
    };
    const readiness = new Readiness({ database: slow });
    const replies = Array.from({ length: 20 }, () => readiness.report());
    resolve();
    for (const reply of await Promise.all(replies)) expect(reply.ready).toBe(true);
    expect(asked).toBe(1);
    await readiness.report();
    expect(asked).toBe(2);
  });

  test('it names what fails, also when a check hangs or throws at once', async () => {
    const throwing = {
      ready: (): Promise<void> => {
        throw new Error('at once');
      },
    };
    app = await serveApp(() => undefined, {
      dependencies: { database: ok, bus: failing, store: hanging, odd: throwing },
    });
    const reply = await http(`${app.url}/health/ready`);
    expect(reply).toMatchObject({
      status: 503,
      body: {
        status: 'not_ready',
        checks: { database: 'ok', bus: 'failed', store: 'failed', odd: 'failed' },
      },
    });
    expect(reply.headers.get('retry-after')).toBe('5');
    expect(reply.text).not.toContain('down');
  });

  test('ready() rejects with the names of what fails', async () => {
    app = await serveApp(
      (created) => {
        void expect(created.ready()).rejects.toThrow('bus');
      },
      { dependencies: { database: ok, bus: failing } },
    );
    expect(await new Readiness({}).report()).toEqual({ ready: true, checks: {} });
    expect(typeof createServiceApp).toBe('function');
  });
});

describe('metrics', () => {
  test('are served at GET /metrics of their own port, and nothing else is', async () => {
    const { registry, eventsHandled } = createMetrics();
    eventsHandled.inc({ queue: 'feed.photo', type: 'photo.changed', outcome: 'done' });
    const server = await serveMetrics(registry, 0, '127.0.0.1');
    const url = `http://127.0.0.1:${server.port}`;
    const reply = await http(`${url}/metrics?x=1`);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(reply.text).toContain(
      'lazyphotos_events_handled_total{queue="feed.photo",type="photo.changed",outcome="done"} 1',
    );
    expect(reply.text).toContain('process_resident_memory_bytes');
    for (const path of ['/', '/metrics/', '/health', '/metricsx']) {
      expect((await http(url + path)).status).toBe(404);
    }
    expect((await http(`${url}/metrics`, { method: 'POST', body: 'x' })).status).toBe(404);
    await server.close(0);
  });

  test('count requests by their template, not by their path, and those without one as none', async () => {
    const app = await serveEndpoint(saveNote, async ({ query }) => ({ saved: 'x', limit: query.limit }));
    for (let count = 0; count < 3; count += 1) {
      await http(`${app.url}/notes/${randomUUID()}`, { json: { text: 'x' } });
    }
    await http(`${app.url}/notes/${randomUUID()}`, { json: {} });
    await http(`${app.url}/${randomUUID()}`);
    await eventually(async () => {
      const { values } = await app.metrics.httpDuration.get();
      const counts = values
        .filter(({ metricName }) => metricName?.endsWith('_count'))
        .map(({ labels, value }) => [labels.service, labels.method, labels.route, labels.status, value]);
      expect(counts).toEqual([
        ['notes', 'POST', '/notes/{id}', '201', 3],
        ['notes', 'POST', '/notes/{id}', '400', 1],
        ['notes', 'GET', 'none', '404', 1],
      ]);
    });
    await app.close();
  });
});
