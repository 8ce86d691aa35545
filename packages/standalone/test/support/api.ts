import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { eventually, type HttpOptions, type HttpReply, http, type SamplePhoto } from '@lazyphotos/testkit';

/** A phone: one account's calls of the public API. */
export interface Phone {
  token: string;
  call(path: string, options?: HttpOptions): Promise<HttpReply>;
  /** Announces, sends and completes one file. Resolves to the response of the last call. */
  upload(photo: SamplePhoto, mimeType?: string): Promise<HttpReply>;
  /** Resolves to a photo when it has been processed. */
  processed(photoId: string): Promise<HttpReply['body']>;
  /** Follows the feed from a cursor to its end. */
  feed(cursor?: string): Promise<{ items: HttpReply['body'][]; cursor: string }>;
}

export const password = 'correct horse battery';

export const sha256OfFile = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    createReadStream(path)
      .on('error', reject)
      .on('data', (bytes) => hash.update(bytes))
      .on('end', () => resolve(hash.digest('hex')));
  });

export async function signIn(url: string, email: string): Promise<Phone> {
  const reply = await http(`${url}/auth/login`, { json: { email, password } });
  if (reply.status !== 200) throw new Error(`cannot sign in: ${reply.text}`);
  return createPhone(url, reply.body.accessToken);
}

/** Sends the chunks of a session, the last one first. */
async function sendChunks(
  call: Phone['call'],
  url: string,
  session: HttpReply['body'],
  bytes: Buffer,
): Promise<void> {
  const path = session.uploadUrl.slice(url.length);
  const offsets = Array.from(
    { length: Math.ceil(bytes.length / session.chunkSize) },
    (_, i) => i * session.chunkSize,
  );
  for (const offset of offsets.reverse()) {
    const chunk = new Uint8Array(bytes.subarray(offset, offset + session.chunkSize));
    const reply = await call(`${path}?offset=${offset}`, {
      method: 'PUT',
      body: chunk,
      headers: { 'content-type': 'application/octet-stream' },
    });
    if (reply.status !== 204) throw new Error(`chunk at ${offset}: ${reply.status} ${reply.text}`);
  }
}

export function createPhone(url: string, token: string): Phone {
  const call: Phone['call'] = (path, options = {}) => http(url + path, { ...options, token });
  return {
    token,
    call,
    upload: async (photo, mimeType = photo.mime) => {
      const json = { hash: photo.sha256, sizeBytes: photo.bytes, mimeType, fileName: basename(photo.name) };
      const session = await call('/upload-sessions', { json });
      if (session.status !== 200 || session.body.alreadyExists) return session;
      await sendChunks(call, url, session.body, await readFile(photo.path));
      return call(`/upload-sessions/${session.body.uploadSessionId}/complete`, { json: {} });
    },
    processed: (photoId) =>
      eventually(async () => {
        const { status, body } = await call(`/photos/${photoId}`);
        if (status !== 200) throw new Error(`${photoId}: status ${status}`);
        if (body.processing === 'pending') throw new Error(`${photoId} is still pending`);
        return body;
      }),
    feed: async (cursor) => {
      const items: HttpReply['body'][] = [];
      for (let at = cursor; ; ) {
        const { status, body, text } = await call(
          `/feed?limit=50${at ? `&cursor=${encodeURIComponent(at)}` : ''}`,
        );
        if (status !== 200) throw new Error(`feed: ${text}`);
        items.push(...body.items);
        at = body.cursor;
        if (!body.hasMore) return { items, cursor: body.cursor };
      }
    },
  };
}

/** Registers the first account with the claim code and makes it the owner. */
export async function claim(url: string, code: string, email: string): Promise<Phone> {
  const registered = await http(`${url}/auth/register`, { json: { email, password, code } });
  if (registered.status !== 201) throw new Error(`cannot register: ${registered.text}`);
  const { accessToken: token } = registered.body;
  const claimed = await http(`${url}/servers/claim`, { json: { ownerEmail: email, code }, token });
  if (claimed.status !== 200) throw new Error(`cannot claim: ${claimed.text}`);
  return signIn(url, email);
}
