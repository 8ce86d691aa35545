import { afterEach, describe, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { type Gateway, type GatewayOptions, startGateway, tokenOf } from './harness.js';
import { upstreamKinds } from './probe.js';
import { createShareFixture } from './share-fixture.js';
import { openSlowRequest } from './slow-request.js';

const ATTACKERS = 135;
const CHUNK_BYTES = 100_000;
const JSON_BYTES = 100;
/** So short that a test can see what happens at its end. */
const SHORT = { wholeMs: 300, chunkBytesPerSecond: 1000, chunkWindowMs: 300 };
const chunks = () => `/upload-sessions/${newId()}/chunks?offset=0`;
const login = { json: { email: 'ann@example.org', password: 'a password' } };

let gateway: Gateway;
const start = async (options: GatewayOptions) => {
  gateway = await startGateway(options);
  return gateway;
};
afterEach(() => gateway.stop());

const slow = (request: {
  method: string;
  path: string;
  token?: string;
  length?: number;
  type?: string;
  encoding?: string;
}) => openSlowRequest({ port: gateway.port, length: CHUNK_BYTES, ...request });
const many = <T>(open: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: ATTACKERS }, open));
const inFlight = async () =>
  (await gateway.metrics.registry.getSingleMetric('lazyphotos_gateway_in_flight')?.get())?.values.reduce(
    (sum, { value }) => sum + value,
    0,
  );
const logged = (message: string) => gateway.logs.filter((line) => line.message === message);

describeWithPostgres('clients that send slowly', () => {
  it('do not keep others from signing in, nor take a connection to a service', async () => {
    await start({ kind: 'over HTTP' });
    const attackers = await many(() => slow({ method: 'POST', path: '/auth/logout', length: JSON_BYTES }));
    expect(await gateway.call('/auth/login', login)).toMatchObject({
      status: 200,
      body: { service: 'auth' },
    });
    expect(await gateway.call('/servers/status')).toMatchObject({ status: 200, body: { service: 'auth' } });
    expect(gateway.services.auth.seen.map(({ url }) => url)).toEqual(['/auth/login', '/servers/status']);
    for (const attacker of attackers) attacker.cut();
  });

  it('cannot use up the attempts of an address or of a share link with forms that stand still', async () => {
    const fixture = createShareFixture();
    await start({
      kind: 'over HTTP',
      shares: fixture.shares,
      publicUrl: 'https://photos.example',
      settings: { signInAttempts: 2 },
    });
    fixture.use(gateway);
    const path = `/s/${fixture.share({ password: 'secret' })}/unlock`;
    const type = 'application/x-www-form-urlencoded';
    // A link has four times the attempts of an address.
    const forms = await Promise.all(
      Array.from({ length: 9 }, () => slow({ method: 'POST', path, length: JSON_BYTES, type })),
    );
    await eventually(async () => expect(await inFlight()).toBe(forms.length));
    expect(await gateway.call('/auth/login', login)).toMatchObject({ status: 200 });
    const unlock = (password: string) =>
      gateway.call(path, {
        method: 'POST',
        body: `password=${password}`,
        headers: { 'content-type': type },
      });
    expect(await unlock('wrong')).toMatchObject({ status: 403 });
    expect(await unlock('secret')).toMatchObject({ status: 303 });
    for (const form of forms) form.cut();
  });

  it('cannot hold many compressed bodies, which are larger in memory than they say', async () => {
    await start({ kind: 'over HTTP', settings: { queueSeconds: 1 } });
    const body = { method: 'POST', path: '/auth/logout', length: JSON_BYTES };
    const compressed = await Promise.all(
      Array.from({ length: 40 }, () => slow({ ...body, encoding: 'gzip' })),
    );
    // A quarter of the 32 slots of large bodies.
    await eventually(() => expect(compressed.filter(({ reply }) => reply.status === 429)).toHaveLength(32));
    const plain = await slow({ ...body, encoding: 'Identity' });
    plain.finish();
    await eventually(() => expect(plain.reply.status).not.toBe(0));
    expect(plain.reply.status).not.toBe(429);
    for (const client of [...compressed, plain]) client.cut();
  });

  it('with chunks that stand still do not keep another user from uploading, and what they took comes back', async () => {
    await start({ kind: 'over HTTP', settings: { queueSeconds: 1 } });
    const [ann, bob] = [tokenOf(), tokenOf()];
    const stalled = await many(() => slow({ method: 'PUT', path: chunks(), token: ann }));
    const upload = { method: 'PUT', body: new Uint8Array(CHUNK_BYTES) };
    expect(await gateway.call(chunks(), { ...upload, token: bob })).toMatchObject({ status: 200 });
    expect(await gateway.call('/albums', { token: ann })).toMatchObject({ status: 200 });
    // A quarter of 96; the others have been refused.
    await eventually(() =>
      expect(stalled.filter(({ reply }) => reply.status === 429)).toHaveLength(ATTACKERS - 24),
    );
    expect(stalled.find(({ reply }) => reply.status === 429)?.reply).toMatchObject({
      head: expect.stringMatching(/^retry-after: 5\r?$/im),
      body: expect.stringContaining('"rate_limited"'),
    });
    expect(logged('a request was refused: too many at a time')[0]?.fields).toMatchObject({
      what: 'chunks',
      reason: 'client',
    });
    for (const attacker of stalled) attacker.cut();
    await eventually(async () => expect(await inFlight()).toBe(0));
    expect(await gateway.call(chunks(), { ...upload, token: ann })).toMatchObject({ status: 200 });
  });

  it('cannot take all connections with requests that the service does not answer', async () => {
    await start({ kind: 'over HTTP', settings: { upstreamConnections: 8, queueSeconds: 1 } });
    const [ann, bob] = [tokenOf(), tokenOf()];
    const { catalog } = gateway.services;
    let unanswered = 0;
    catalog.handle = (req, res) => {
      if (req.headers.authorization === `Bearer ${bob}`) res.end('for bob');
      else unanswered += 1;
    };
    const leave = new AbortController();
    const replies = Array.from({ length: 8 }, () =>
      gateway.call('/albums', { token: ann, signal: leave.signal }),
    );
    const settled = Promise.allSettled(replies);
    expect(await gateway.call('/albums', { token: bob })).toMatchObject({ status: 200, text: 'for bob' });
    const refused = await Promise.any(replies);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(unanswered).toBe(2);
    leave.abort();
    await settled;
    await eventually(async () => expect(await inFlight()).toBe(0));
    catalog.handle = undefined;
    expect(await gateway.call('/albums', { token: ann })).toMatchObject({ status: 200 });
  });

  describe.each(upstreamKinds)('to services %s', (kind) => {
    it.each(['/auth/login', `/share-links/${'a'.repeat(43)}/unlock`])(
      'bodies of %s that stand still use up no attempts',
      async (path) => {
        await start({ kind, settings: { signInAttempts: 2 } });
        const stalled = await Promise.all(
          Array.from({ length: 9 }, () => slow({ method: 'POST', path, length: JSON_BYTES })),
        );
        await eventually(async () => expect(await inFlight()).toBe(stalled.length));
        const guess = path === '/auth/login' ? login : { json: { password: 'a password' } };
        expect(await gateway.call(path, { method: 'POST', ...guess })).toMatchObject({ status: 200 });
        for (const client of stalled) client.cut();
      },
    );

    it('a body that trickles is ended with 408, however often a byte comes', async () => {
      await start({ kind, bodyLimits: SHORT });
      const attackers = await many(() => slow({ method: 'POST', path: '/auth/logout', length: JSON_BYTES }));
      await eventually(
        () => {
          for (const attacker of attackers) attacker.write('x');
          expect(attackers.filter(({ isClosed }) => isClosed())).toHaveLength(ATTACKERS);
        },
        { intervalMs: 20 },
      );
      for (const { reply } of attackers) {
        expect(reply).toMatchObject({ status: 408, body: expect.stringContaining('"request_timeout"') });
        expect(reply.head).toMatch(/^connection: close\r?$/im);
      }
      expect(await gateway.metrics.registry.metrics()).toContain(
        `lazyphotos_slow_bodies_total{service="gateway",kind="other"} ${ATTACKERS}`,
      );
      expect(logged('a body came too slowly')[0]?.fields).toMatchObject({
        path: '/auth/logout',
        kind: 'other',
      });
      await eventually(async () => expect(await inFlight()).toBe(0));
      expect(await gateway.call('/auth/login', login)).toMatchObject({ status: 200 });
    });

    it('a chunk that stands still is ended, while one that is slow but steady gets through', async () => {
      await start({ kind, bodyLimits: SHORT });
      const token = tokenOf();
      const steady = await slow({ method: 'PUT', path: chunks(), token });
      for (let round = 0; round < 2; round += 1) {
        const stalled = await slow({ method: 'PUT', path: chunks(), token });
        await eventually(
          () => {
            steady.write('x'.repeat(200));
            expect(stalled.isClosed()).toBe(true);
          },
          { intervalMs: 10 },
        );
        expect(stalled.reply).toMatchObject({
          status: 408,
          body: expect.stringContaining('"request_timeout"'),
        });
      }
      steady.finish();
      await eventually(() => expect(steady.reply.status).toBe(200));
      expect(gateway.services.upload.seen.map(({ body }) => body.length)).toEqual([CHUNK_BYTES]);
      steady.cut();
    });

    it('a chunk is not ended for a service that does not read it', async () => {
      await start({ kind, bodyLimits: SHORT });
      const token = tokenOf();
      let goOn: () => void = () => undefined;
      const mayGoOn = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      let received = 0;
      const size = 32_000_000;
      gateway.services.upload.handle = async (req, res) => {
        const isWaiting = req.headers['content-length'] === String(size);
        if (!isWaiting) return void req.resume().on('error', () => undefined);
        await mayGoOn;
        for await (const bytes of req) received += (bytes as Buffer).length;
        res.end();
      };
      const waiting = gateway.call(chunks(), { method: 'PUT', token, body: new Uint8Array(size) });
      const stalled = await slow({ method: 'PUT', path: chunks(), token: tokenOf() });
      await eventually(() => expect(stalled.isClosed()).toBe(true));
      goOn();
      expect(await waiting).toMatchObject({ status: 200 });
      expect(received).toBe(size);
    });

    it('the body of a refused request is not waited for without end either', async () => {
      await start({ kind, bodyLimits: SHORT });
      const stalled = await slow({ method: 'PUT', path: chunks() });
      await eventually(() => expect(stalled.isClosed()).toBe(true));
      expect(stalled.reply).toMatchObject({ status: 401 });
    });
  });
});
