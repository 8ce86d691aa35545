import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { internalEndpoints } from '@lazyphotos/contracts';
import { freePort, type Listening, listen } from '@lazyphotos/testkit';
import { callPeer, withRequestId } from '../src/index.js';
import { saveNote, serveEndpoint } from './helpers.js';

describe('a call to another service', () => {
  let peer: Listening | undefined;
  afterEach(() => peer?.close());
  const params = { userId: randomUUID(), photoId: randomUUID() };
  const ask = (baseUrl: string) => callPeer(baseUrl, internalEndpoints.photoState, { params });
  const askOne = async (handler: RequestListener) => {
    peer = await listen(handler);
    return ask(peer.url);
  };
  const unavailable = {
    code: 'service_unavailable',
    status: 503,
    detail: 'The catalog service does not answer.',
  };

  test('sends parameters, body and request id, and answers what came back', async () => {
    const app = await serveEndpoint(saveNote, async ({ params: { id }, body, req }) => ({
      saved: `${id} ${body.text} ${req.get('x-request-id')}`,
      limit: 1,
    }));
    peer = app;
    const id = randomUUID();
    const answer = await withRequestId('request-9', () =>
      callPeer(app.url, saveNote, { params: { id }, body: { text: 'hello', tags: [] } }),
    );
    expect(answer).toEqual({ saved: `${id} hello request-9`, limit: 1 });
  });

  test('fills parameters into the path, encoded', async () => {
    let path: string | undefined;
    await askOne((req, res) => {
      path = req.url;
      res.setHeader('content-type', 'application/json').end('{"state":"active"}');
    });
    expect(path).toBe(`/internal/users/${params.userId}/photos/${params.photoId}/state`);
  });

  test.each<[string, RequestListener]>([
    ['another status', (_req, res) => res.writeHead(404).end('{"state":"active"}')],
    ['a fault', (_req, res) => res.writeHead(500).end()],
    ['no JSON', (_req, res) => res.end('<html>')],
    ['another answer', (_req, res) => res.end('{"state":"purple"}')],
    ['a cut', (req) => req.socket.destroy()],
    [
      'half an answer',
      (req, res) => {
        res.writeHead(200, { 'content-length': '100' });
        res.write('{');
        setTimeout(() => req.socket.destroy(), 50);
      },
    ],
  ])('%s is a 503 that says who', async (_title, handler) => {
    const failed = askOne(handler);
    await expect(failed).rejects.toMatchObject(unavailable);
    await expect(failed).rejects.toMatchObject({
      more: { headers: { 'Retry-After': '5' }, cause: expect.anything() },
    });
  });

  test('so is a peer that is not there, and one that never answers', async () => {
    await expect(ask(`http://127.0.0.1:${await freePort()}`)).rejects.toMatchObject(unavailable);
    await expect(askOne(() => undefined)).rejects.toMatchObject(unavailable);
  });
});
