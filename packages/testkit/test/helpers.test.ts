import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { tryWhile } from '../src/eventually.js';
import { eventually, freePort, http, listen, ownSamplePhotos, samplePhotos } from '../src/index.js';

describe('eventually', () => {
  it('returns the first result', async () => {
    let calls = 0;
    const answer = await eventually(
      () => {
        calls += 1;
        if (calls < 3) throw new Error('not yet');
        return calls;
      },
      { intervalMs: 1 },
    );
    expect(answer).toBe(3);
  });

  it('rethrows the last failure', async () => {
    let calls = 0;
    const failing = () => {
      calls += 1;
      throw new Error(`failure ${calls}`);
    };
    await expect(tryWhile(() => calls < 3, failing, 1)).rejects.toThrow('failure 3');
  });
});

describe('http and listen', () => {
  it('sends JSON and a token, and reads JSON', async () => {
    const server = await listen(async (request, response) => {
      const { authorization, 'content-type': type } = request.headers;
      response.setHeader('content-type', 'application/problem+json; charset=utf-8');
      response.statusCode = 418;
      const seen = { method: request.method, authorization, type, body: await text(request) };
      response.end(JSON.stringify(seen));
    });
    const reply = await http(`${server.url}/tea`, { token: 'abc', json: { sugar: 1 } });
    expect(reply.status).toBe(418);
    expect(reply.body).toEqual({
      method: 'POST',
      authorization: 'Bearer abc',
      type: 'application/json',
      body: '{"sugar":1}',
    });
    await server.close();
    await expect(http(server.url)).rejects.toThrow();
  });

  it('gives other replies as text and bytes, and does not follow redirects', async () => {
    const server = await listen((_request, response) => {
      response.writeHead(302, { location: '/elsewhere' }).end('moved');
    });
    const reply = await http(server.url, { method: 'PUT', body: 'x' });
    expect(reply).toMatchObject({ status: 302, body: undefined, text: 'moved' });
    expect(reply.headers.get('location')).toBe('/elsewhere');
    expect(reply.bytes).toEqual(Buffer.from('moved'));
    await server.close();
  });

  it('finds a port to listen on, another one each time, that the system gives to no other socket', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
    expect(new Set(ports).size).toBe(20);
    for (const port of ports) expect(port).toBeLessThan(32_768);
  });

  it('does not return a port on which a process listens', async () => {
    const port = await freePort();
    const next = createServer();
    // Somebody else may listen there already, which is as good.
    await new Promise<void>((resolve) => {
      next.once('error', () => resolve()).listen(port + 1, '127.0.0.1', resolve);
    });
    expect(await freePort()).not.toBe(port + 1);
    await new Promise((resolve) => next.close(resolve));
  });
});

describe('sample photos', () => {
  it('are small and whole in this package', () => {
    const own = ownSamplePhotos();
    expect(own.all.length).toBeGreaterThan(5);
    expect(own.all.reduce((sum, photo) => sum + photo.bytes, 0)).toBeLessThan(100_000);
    expect(own.folder('good/jpeg').map((photo) => photo.expected?.Orientation)).toContain(6);
    expect(own.folder('bad').every((photo) => photo.referenceResult !== 'ok')).toBe(true);
  });

  it('are what their manifest says', () => {
    for (const photo of samplePhotos().all) {
      const content = readFileSync(photo.path);
      expect([photo.name, content.length]).toEqual([photo.name, photo.bytes]);
      expect(createHash('sha256').update(content).digest('hex')).toBe(photo.sha256);
    }
  });

  it('come in the same folders from both collections', () => {
    for (const folder of ['good/jpeg', 'good/png', 'good/webp', 'bad']) {
      expect(samplePhotos().folder(folder)).not.toHaveLength(0);
      expect(ownSamplePhotos().folder(folder)).not.toHaveLength(0);
    }
  });
});
