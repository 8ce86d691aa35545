import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type Gateway, startGateway, tokenOf } from './harness.js';
import { upstreamKinds } from './probe.js';
import { openSocket, sendRaw } from './raw.js';

const authorization = `Authorization: Bearer ${tokenOf()}`;

/** A request as it stands, with nothing put right by an HTTP client. */
const raw = (line: string, ...headers: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: photos.example', 'Connection: close', ...headers, '', ''].join('\r\n');

describeWithPostgres('requests that are never sent by mistake', () => {
  describe.each(upstreamKinds)('with services %s', (kind) => {
    let gateway: Gateway;
    beforeAll(async () => {
      gateway = await startGateway({ kind });
    });
    beforeEach(() => {
      for (const probe of Object.values(gateway.services)) probe.seen.length = 0;
    });
    afterAll(() => gateway.stop());

    const asked = () => Object.values(gateway.services).flatMap(({ seen }) => seen.map(({ url }) => url));
    const works = async () =>
      expect(await sendRaw(gateway.port, raw('GET /albums', authorization))).toMatchObject({ status: 200 });

    it('of HTTP/1.0, without a host, are served', async () => {
      const request = ['GET /albums HTTP/1.0', authorization, '', ''].join('\r\n');
      expect(await sendRaw(gateway.port, request)).toMatchObject({ status: 200 });
      expect(asked()).toEqual(['/albums']);
    });

    const user = newId();
    it.each([
      'GET /photos/../internal/uploads',
      `GET /photos/..\\internal\\users\\${user}\\photos\\${user}\\state`,
      `POST /photos/..\\internal\\users\\${user}\\photos\\${user}/restore`,
      `POST /photos/..%2finternal%2fusers%2f${user}%2fphotos%2f${user}/restore`,
      `POST /photos/..%5cinternal%5cusers%5c${user}%5cphotos%5c${user}/restore`,
      'GET /photos/..',
      'GET /photos/%2e%2e',
      'GET /photos/.',
      'DELETE /devices/..;/x',
      'GET /./photos/../metrics',
      'GET //internal/uploads',
      'GET /%69nternal/uploads',
      'GET /photos/%c0%ae%c0%ae',
      'GET /photos/%',
      'GET /photos/%zz',
      'GET /photos/\u00e9',
      'GET /media/../../etc/passwd',
      `GET /media/${user}/${user}/..%2f..%2foriginal?exp=1&sig=1`,
    ])('%s reaches no service', async (line) => {
      const reply = await sendRaw(gateway.port, raw(line, authorization));
      expect([400, 403, 404]).toContain(reply.status);
      if (reply.body) expect(reply.head).toMatch(/application\/problem\+json/i);
      expect(asked()).toEqual([]);
      await works();
    });

    it('the whole URL in the request line is as good as the path', async () => {
      const reply = await sendRaw(
        gateway.port,
        raw('GET http://elsewhere.example/albums?limit=1', authorization),
      );
      expect(reply.status).toBe(200);
      expect(asked().map((url) => url.replace('http://elsewhere.example', ''))).toEqual(['/albums?limit=1']);
      for (const target of ['http://x/internal/uploads', 'http://', 'photos.example:443']) {
        const other = await sendRaw(gateway.port, raw(`GET ${target}`, authorization));
        expect([400, 404]).toContain(other.status);
      }
      await works();
    });

    it.each(['OPTIONS *', 'TRACE /albums', 'PROPFIND /albums', 'PATCH /albums', 'M-SEARCH *', 'SOURCE /x'])(
      '%s is refused',
      async (line) => {
        const reply = await sendRaw(gateway.port, raw(line, authorization));
        expect([400, 404, 405]).toContain(reply.status);
        expect(asked()).toEqual([]);
        await works();
      },
    );

    it.each(['CONNECT elsewhere:443', 'BREW /coffee', 'GET', '', 'GET /albums HTTP/9.9'])(
      'no method, or one that HTTP does not know, ends the connection: %j',
      async (line) => {
        const reply = await sendRaw(gateway.port, raw(line, authorization));
        expect([0, 400]).toContain(reply.status);
        await works();
      },
    );

    it('an upgrade is not made', async () => {
      const upgrade = ['GET /albums HTTP/1.1', 'Host: x', authorization, 'Connection: Upgrade, close'];
      const reply = await sendRaw(gateway.port, [...upgrade, 'Upgrade: websocket', '', ''].join('\r\n'));
      expect(reply.status).toBe(200);
      await works();
    });

    it('very long paths and headers are refused, long ones pass', async () => {
      const long = await sendRaw(gateway.port, raw(`GET /albums?x=${'x'.repeat(8000)}`, authorization));
      expect(long.status).toBe(200);
      const tooLong = await sendRaw(gateway.port, raw(`GET /albums?x=${'x'.repeat(70_000)}`, authorization));
      expect([0, 414, 431]).toContain(tooLong.status);
      const header = await sendRaw(
        gateway.port,
        raw('GET /albums', authorization, `X-Large: ${'x'.repeat(70_000)}`),
      );
      expect([0, 431]).toContain(header.status);
      await works();
    });

    it('a body that is framed in two ways at once reaches no service', async () => {
      const smuggled = raw('POST /albums', authorization, 'Content-Length: 6', 'Transfer-Encoding: chunked');
      const reply = await sendRaw(gateway.port, `${smuggled}0\r\n\r\nGET /internal/uploads HTTP/1.1\r\n\r\n`);
      expect([0, 400]).toContain(reply.status);
      expect(asked()).toEqual([]);
      await works();
    });

    it('a request that a client never ends does not hold up others', async () => {
      const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(gateway.port)));
      for (const socket of sockets) {
        socket.on('error', () => undefined);
        socket.write(
          `POST /albums HTTP/1.1\r\nHost: x\r\n${authorization}\r\nContent-Length: 100\r\n\r\nhalf`,
        );
      }
      await works();
      for (const socket of sockets) socket.destroy();
      await works();
    });
  });
});
