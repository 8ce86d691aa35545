import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';

export interface RawChunk {
  url: string;
  token: string;
  sessionId: string;
  offset: number;
  /** As announced; undefined sends the body in HTTP chunks, whose total is not known in advance. */
  contentLength?: number;
}

/** A chunk's request in the hands of the test: what `fetch` would never send. */
export function beginChunk({ url, token, sessionId, offset, contentLength }: RawChunk) {
  const req = request(`${url}/upload-sessions/${sessionId}/chunks?offset=${offset}`, {
    method: 'PUT',
    // A connection of its own: one that another chunk has used may just be being closed.
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/octet-stream',
      ...(contentLength === undefined ? {} : { 'content-length': contentLength }),
    },
  });
  const answered = new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    req.once('error', reject);
    req.once('response', async (res) => {
      try {
        const text = Buffer.concat(await res.toArray()).toString();
        resolve({ status: res.statusCode, body: text === '' ? undefined : JSON.parse(text) });
      } catch (error) {
        reject(error);
      }
    });
  });
  const connected = once(req, 'socket').then(async ([socket]: Socket[]) => {
    if (socket?.connecting) await once(socket, 'connect');
  });
  // A test that cuts the connection does not wait for an answer.
  answered.catch(() => undefined);
  connected.catch(() => undefined);
  return {
    answered,
    /** Resolves when the bytes have gone out. */
    send: async (bytes: Buffer): Promise<void> => {
      req.flushHeaders();
      await connected;
      await new Promise((resolve) => req.write(bytes, resolve));
    },
    end: () => {
      req.end();
      return answered;
    },
    cut: () => {
      req.destroy();
    },
  };
}
