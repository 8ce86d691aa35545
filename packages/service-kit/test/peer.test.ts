import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { internalEndpoints } from '@lazyphotos/contracts';
import { createServiceKeys, freePort, type Listening, listen } from '@lazyphotos/testkit';
import { createCopiesClient, createPeerGuard, Peers, silentLogger, withRequestId } from '../src/index.js';
import { identityOf } from '../src/testing.js';
import { saveNote, serveEndpoint } from './helpers.js';

const keys = createServiceKeys();
const peers = new Peers(identityOf('upload', keys));
afterAll(() => peers.close());

const unavailable = {
  code: 'service_unavailable',
  status: 503,
  detail: 'The catalog service does not respond.',
};
const params = { userId: randomUUID(), photoId: randomUUID() };
const ask = (baseUrl: string) => peers.call(baseUrl, internalEndpoints.photoState, { params });
const restore = (baseUrl: string) => peers.call(baseUrl, internalEndpoints.restoreFromTrash, { params });
const answerActive: RequestListener = (_req, res) => {
  res.setHeader('content-type', 'application/json').end('{"state":"active"}');
};

describe('a call to another service', () => {
  let peer: Listening | undefined;
  afterEach(() => peer?.close());
  const askOne = async (handler: RequestListener) => {
    peer = await listen(handler);
    return ask(peer.url);
  };

  test('sends parameters, body, request id and service token, and returns the response', async () => {
    const app = await serveEndpoint(
      saveNote,
      async ({ params: { id }, body, req }) => ({
        saved: `${id} ${body.text} ${req.get('x-request-id')}`,
        limit: 1,
      }),
      { peerGuard: createPeerGuard(identityOf('catalog', keys), silentLogger) },
    );
    peer = app;
    const id = randomUUID();
    const answer = await withRequestId('request-9', () =>
      peers.call(app.url, saveNote, { params: { id }, body: { text: 'hello', tags: [] } }),
    );
    expect(answer).toEqual({ saved: `${id} hello request-9`, limit: 1 });
  });

  test('fills parameters into the path, encoded', async () => {
    let path: string | undefined;
    await askOne((req, res) => {
      path = req.url;
      answerActive(req, res);
    });
    expect(path).toBe(`/internal/users/${params.userId}/photos/${params.photoId}/state`);
  });

  test('reuses its connections', async () => {
    const sockets = new Set<unknown>();
    peer = await listen((req, res) => {
      sockets.add(req.socket);
      answerActive(req, res);
    });
    for (let count = 0; count < 5; count += 1) await ask(peer.url);
    expect(sockets.size).toBe(1);
  });

  test.each<[string, RequestListener]>([
    ['another status', (_req, res) => res.writeHead(404).end('{"state":"active"}')],
    ['a refusal of the service token', (_req, res) => res.writeHead(403).end('{}')],
    ['a fault', (_req, res) => res.writeHead(500).end()],
    ['no JSON', (_req, res) => res.end('<html>')],
    ['another answer', (_req, res) => res.end('{"state":"purple"}')],
    ['a cut', (req) => req.socket.destroy()],
    [
      'half an answer',
      (req, res) => {
        res.writeHead(200, { 'content-length': '100' });
        res.write('{', () => req.socket.destroy());
      },
    ],
  ])('%s is a 503 that says who', async (_title, handler) => {
    const failed = askOne(handler);
    await expect(failed).rejects.toMatchObject(unavailable);
    await expect(failed).rejects.toMatchObject({
      more: { headers: { 'Retry-After': '5' }, cause: expect.anything() },
    });
  });

  test('a problem that the endpoint names comes through, with its detail; no other does', async () => {
    const makeCopy = async (code: string) => {
      const problem = { type: 'about:blank', title: 'No', status: 422, code, detail: 'It has a place.' };
      const refusing = await listen((_req, res) => res.writeHead(422).end(JSON.stringify(problem)));
      peer = refusing;
      const original = { ...params, storageKey: 'originals/1', mimeType: 'image/gif' };
      await createCopiesClient(peers, refusing.url)
        .makeCopy({ kind: 'without-location', ...original })
        .finally(refusing.close);
    };
    await expect(makeCopy('copy_unsupported')).rejects.toMatchObject({
      code: 'copy_unsupported',
      status: 422,
      detail: 'It has a place.',
    });
    await expect(makeCopy('hash_mismatch')).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  test('so is a peer that cannot be reached, and one that never responds', async () => {
    await expect(ask(`http://127.0.0.1:${await freePort()}`)).rejects.toMatchObject(unavailable);
    await expect(askOne(() => undefined)).rejects.toMatchObject(unavailable);
  });
});

describe('a call whose connection breaks', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  const serve = async (handler: RequestListener) => {
    const server = await listen(handler);
    closing.push(server.close);
    return server;
  };

  /** Breaks the first connections, then responds. */
  async function breaking(times: number) {
    const seen: string[] = [];
    const { url } = await serve((req, res) => {
      seen.push(req.method ?? '');
      if (seen.length <= times) req.socket.resetAndDestroy();
      else answerActive(req, res);
    });
    return { seen, url };
  }

  test('is retried once if it reads', async () => {
    const { seen, url } = await breaking(1);
    expect(await ask(url)).toEqual({ state: 'active' });
    expect(seen).toEqual(['GET', 'GET']);
  });

  test('but only once', async () => {
    const { seen, url } = await breaking(3);
    await expect(ask(url)).rejects.toMatchObject(unavailable);
    expect(seen).toHaveLength(2);
  });

  test('is not retried if it changes something, or if there was a response', async () => {
    const { seen, url } = await breaking(1);
    await expect(restore(url)).rejects.toMatchObject(unavailable);
    expect(seen).toEqual(['POST']);
    let asked = 0;
    const sick = await serve((_req, res) => {
      asked += 1;
      res.writeHead(503).end();
    });
    await expect(ask(sick.url)).rejects.toMatchObject(unavailable);
    expect(asked).toBe(1);
  });

  test('is retried on a new connection, because kept ones may lead to a peer that has gone', async () => {
    const gone = await serve(answerActive);
    await Promise.all([ask(gone.url), ask(gone.url), ask(gone.url)]);
    await gone.close();
    const back = createServer(answerActive).listen(gone.port, '127.0.0.1');
    closing.push(() => {
      back.close();
      back.closeAllConnections();
    });
    expect(await ask(gone.url)).toEqual({ state: 'active' });
  });
});
