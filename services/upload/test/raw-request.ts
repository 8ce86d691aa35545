import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RawChunk {
  url: string;
  token: string;
  sessionId: string;
  offset: number;
  /** As announced; undefined sends the body in HTTP chunks, whose sum nobody knows before. */
  contentLength?: number;
}

/** A chunk's request in the hands of the test: what `fetch` would never send. */
export function beginChunk({ url, token, sessionId, offset, contentLength }: RawChunk) {
  const req = request(`${url}/upload-sessions/${sessionId}/chunks?offset=${offset}`, {
    method: 'PUT',
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
  // A test that cuts the connection does not wait for an answer.
  answered.catch(() => undefined);
  return {
    answered,
    send: async (bytes: Buffer): Promise<void> => {
      if (!req.write(bytes)) await once(req, 'drain');
      // Lets the bytes go out before anything else is done.
      await sleep(20);
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
