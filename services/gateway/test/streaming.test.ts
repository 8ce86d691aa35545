import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually, standsStill } from '@lazyphotos/testkit';
import { type Gateway, startGateway, tokenOf } from './harness.js';
import { upstreamKinds } from './probe.js';

const MB = 1_000_000;
const TOTAL = 64 * MB;
/** More than all buffers of sockets and streams on the way hold, and far less than the whole. */
const IN_FLIGHT = 24 * MB;

const token = tokenOf();
const chunks = `/upload-sessions/${newId()}/chunks?offset=0`;

describeWithPostgres('bodies through the gateway', () => {
  describe.each(upstreamKinds)('to services %s', (kind) => {
    let gateway: Gateway;
    beforeAll(async () => {
      gateway = await startGateway({ kind });
    });
    afterEach(() => {
      for (const probe of Object.values(gateway.services))
        Object.assign(probe, { handle: undefined, seen: [] });
    });
    afterAll(() => gateway.stop());

    const send = (
      method: string,
      path: string,
      headers: Record<string, string | number> = {},
    ): ClientRequest =>
      request(gateway.url + path, {
        method,
        agent: false,
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
    const answerTo = async (client: ClientRequest): Promise<IncomingMessage> => {
      const [response] = (await once(client, 'response')) as [IncomingMessage];
      return response;
    };

    it('a download waits for a client that reads slowly', async () => {
      let written = 0;
      gateway.services.catalog.handle = async (_req, res) => {
        const block = Buffer.alloc(MB, 1);
        res.writeHead(200, { 'content-length': TOTAL });
        while (written < TOTAL && !res.destroyed) {
          written += MB;
          if (!res.write(block)) await Promise.race([once(res, 'drain'), once(res, 'close')]);
        }
        res.end();
      };
      const client = send('GET', '/albums');
      client.end();
      const response = await answerTo(client);
      response.pause();
      expect(await standsStill(() => written)).toBeLessThan(IN_FLIGHT);
      let received = 0;
      for await (const chunk of response) received += (chunk as Buffer).length;
      expect(received).toBe(TOTAL);
    });

    it('an upload waits for a service that reads slowly', async () => {
      let received = 0;
      let goOn: () => void = () => undefined;
      const mayGoOn = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      gateway.services.upload.handle = async (req, res) => {
        await mayGoOn;
        for await (const chunk of req) received += (chunk as Buffer).length;
        res.writeHead(204).end();
      };
      const client = send('PUT', chunks, { 'content-length': TOTAL });
      const answer = answerTo(client);
      let written = 0;
      const writing = (async () => {
        const block = Buffer.alloc(MB, 1);
        while (written < TOTAL) {
          written += MB;
          if (!client.write(block)) await once(client, 'drain');
        }
        client.end();
      })();
      expect(await standsStill(() => written)).toBeLessThan(IN_FLIGHT);
      goOn();
      await writing;
      expect((await answer).statusCode).toBe(204);
      expect(received).toBe(TOTAL);
    });

    it('the first bytes arrive before the last are written, both ways', async () => {
      gateway.services.upload.handle = (req, res) => {
        res.writeHead(200);
        req.pipe(res);
      };
      const client = send('PUT', chunks);
      client.write('ping 1;');
      const response = await answerTo(client);
      const heard: string[] = [];
      response.setEncoding('utf8').on('data', (text: string) => heard.push(text));
      await eventually(() => expect(heard.join('')).toBe('ping 1;'));
      client.write('ping 2;');
      await eventually(() => expect(heard.join('')).toBe('ping 1;ping 2;'));
      client.end();
      await once(response, 'end');
    });

    it('a response that comes before the body is read to its end arrives, and so does the next', async () => {
      gateway.services.upload.handle = (req, res) => {
        req.once('data', () =>
          res.writeHead(409, { 'content-type': 'application/json' }).end('{"early":true}'),
        );
      };
      for (let attempt = 0; attempt < 3; attempt++) {
        const reply = await gateway.call(chunks, { method: 'PUT', token, body: new Uint8Array(8 * MB) });
        expect(reply).toMatchObject({ status: 409, body: { early: true } });
      }
      expect(await gateway.call('/albums', { token })).toMatchObject({ status: 200 });
    });

    it('a client that stops sending is noticed by the service', async () => {
      let cut = false;
      gateway.services.upload.handle = (req) => {
        req.resume();
        req
          .on('error', () => undefined)
          .once('close', () => {
            cut = !req.complete;
          });
      };
      const client = send('PUT', chunks, { 'content-length': TOTAL });
      client.on('error', () => undefined);
      client.write(Buffer.alloc(MB));
      await eventually(() => expect(gateway.services.upload.seen.length).toBeGreaterThan(0));
      client.destroy();
      await eventually(() => expect(cut).toBe(true));
      expect(gateway.logs.filter(({ level }) => level === 'error')).toEqual([]);
      expect(await gateway.call('/albums', { token })).toMatchObject({ status: 200 });
    });

    it('headers of both directions pass, but those about the connection', async () => {
      gateway.services.catalog.handle = (_req, res) => {
        res.setHeader('Set-Cookie', ['a=1', 'b=2']);
        res.setHeader('Location', '/albums/1');
        res.writeHead(201, { etag: '"1"' }).end();
      };
      const reply = await gateway.call('/albums', {
        token,
        method: 'POST',
        body: '{}',
        headers: { 'idempotency-key': 'k1', 'content-type': 'application/json', accept: 'text/x-odd' },
      });
      expect(reply.status).toBe(201);
      expect(reply.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      expect(reply.headers.get('etag')).toBe('"1"');
      const [seen] = gateway.services.catalog.seen.slice(-1);
      expect(seen?.headers).toMatchObject({
        'idempotency-key': 'k1',
        accept: 'text/x-odd',
        authorization: `Bearer ${token}`,
      });
    });
  });
});

describeWithPostgres('a service over HTTP', () => {
  it('comes from the gateway, not from the client', async () => {
    const gateway = await startGateway({ kind: 'over HTTP' });
    try {
      await gateway.call('/albums', {
        token,
        headers: {
          'x-forwarded-for': '203.0.113.9',
          'x-forwarded-proto': 'gopher',
          'x-forwarded-host': 'evil.example',
          'x-forwarded-port': '1',
          te: 'trailers',
        },
      });
      const { headers } = gateway.services.catalog.seen[0] ?? {};
      expect(headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
      expect(headers?.['x-forwarded-host']).toBe(`127.0.0.1:${gateway.port}`);
      expect(headers?.['x-forwarded-port']).toBeUndefined();
      expect(headers?.te).toBeUndefined();
    } finally {
      await gateway.stop();
    }
  });
});
