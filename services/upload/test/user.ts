import { createHash, randomBytes } from 'node:crypto';
import type { HttpOptions, HttpReply } from '@lazyphotos/testkit';

export interface TestFile {
  bytes: Buffer<ArrayBuffer>;
  hash: string;
  mimeType: string;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const fileOf = (bytes: Buffer<ArrayBuffer>, mimeType = 'image/jpeg'): TestFile => ({
  bytes,
  hash: sha256(bytes),
  mimeType,
});

/** A file that no other user has, with the first bytes of a JPEG. */
export function newFile(size = 3500): TestFile {
  const bytes = Buffer.from(randomBytes(size));
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  return fileOf(bytes);
}

type Call = (path: string, options?: HttpOptions) => Promise<HttpReply>;

/** What one user's phone does, request by request. */
export function createUser(id: string, token: string, call: Call) {
  const announce = (file: TestFile, more: object = {}): Promise<HttpReply> =>
    call('/upload-sessions', {
      json: { hash: file.hash, sizeBytes: file.bytes.length, mimeType: file.mimeType, ...more },
    });

  const put = (
    sessionId: string,
    offset: number,
    bytes: Buffer<ArrayBuffer>,
    headers = {},
  ): Promise<HttpReply> =>
    call(`/upload-sessions/${sessionId}/chunks?offset=${offset}`, {
      method: 'PUT',
      body: bytes,
      headers: { 'content-type': 'application/octet-stream', ...headers },
    });

  const open = async (file: TestFile, more: object = {}) => {
    const { status, body, text } = await announce(file, more);
    if (status !== 200) throw new Error(`not announced: ${text}`);
    return { id: body.uploadSessionId as string, chunkSize: body.chunkSize as number, body };
  };

  const sendAll = async (session: { id: string; chunkSize: number }, { bytes }: TestFile): Promise<void> => {
    for (let offset = 0; offset < bytes.length; offset += session.chunkSize) {
      const reply = await put(session.id, offset, bytes.subarray(offset, offset + session.chunkSize));
      if (reply.status !== 204) throw new Error(`chunk at ${offset} refused: ${reply.text}`);
    }
  };

  const complete = (sessionId: string): Promise<HttpReply> =>
    call(`/upload-sessions/${sessionId}/complete`, { json: {} });

  /** A session with every chunk in it. */
  const send = async (file: TestFile, more: object = {}) => {
    const session = await open(file, more);
    await sendAll(session, file);
    return session;
  };

  const upload = async (file: TestFile, more: object = {}) => {
    const session = await send(file, more);
    const { status, body, text } = await complete(session.id);
    if (status !== 200) throw new Error(`not completed: ${text}`);
    return { id: body.photoId as string, userId: id, sessionId: session.id };
  };

  return {
    id,
    token,
    call,
    announce,
    open,
    put,
    sendAll,
    send,
    complete,
    upload,
    status: (sessionId: string) => call(`/upload-sessions/${sessionId}`),
    abort: (sessionId: string) => call(`/upload-sessions/${sessionId}`, { method: 'DELETE' }),
  };
}
export type User = ReturnType<typeof createUser>;

export const originalKey = ({ id, userId }: { id: string; userId: string }): string =>
  `originals/${userId}/${id}`;
