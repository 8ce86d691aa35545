import { eventually } from '@lazyphotos/testkit';
import { openSocket, parseReply } from './raw.js';

export interface SlowRequest {
  port: number;
  method: string;
  path: string;
  token?: string;
  /** The announced length of the body. */
  length: number;
  /** Its `Content-Type`. */
  type?: string;
  /** Its `Content-Encoding`. */
  encoding?: string;
}

/** Sends a request with the first byte of its body. Resolves once the gateway has begun to handle it. */
export async function openSlowRequest(request: SlowRequest) {
  const { port, method, path, token, length, type, encoding } = request;
  const socket = await openSocket(port);
  let text = '';
  let closed = false;
  let sent = 1;
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket
    .on('error', () => undefined)
    .once('close', () => {
      closed = true;
    });
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: node',
    // The node says "100 Continue" when it begins to handle the request.
    'expect: 100-continue',
    `content-length: ${length}`,
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    ...(type === undefined ? [] : [`content-type: ${type}`]),
    ...(encoding === undefined ? [] : [`content-encoding: ${encoding}`]),
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await eventually(() => {
    if (!text.includes(' 100 ')) throw new Error('the request is not being handled yet');
  });
  socket.write('x');
  return {
    write: (bytes: string): void => {
      const left = bytes.slice(0, length - sent);
      sent += left.length;
      if (!closed && left !== '') socket.write(left);
    },
    /** Sends the rest of the body. */
    finish: (): void => {
      socket.write('x'.repeat(length - sent));
    },
    isClosed: () => closed,
    get reply() {
      return parseReply(text.replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, ''));
    },
    cut: () => socket.destroy(),
  };
}
