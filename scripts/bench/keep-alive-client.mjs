// A client that costs little, so that a server's limit shows before its own: GET requests over kept connections, bytes only counted.
import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

/** How much of a response is still to come. */
class ResponseReader {
  #head = Buffer.alloc(0);
  #bodyBytes = 0;
  #inBody = false;

  /** Takes bytes of the response; returns its status once it is complete. */
  take(bytes) {
    let rest = bytes;
    if (!this.#inBody) {
      this.#head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
      const end = this.#head.indexOf(HEAD_END);
      if (end < 0) return undefined;
      rest = this.#head.subarray(end + HEAD_END.length);
      this.headText = this.#head.latin1Slice(0, end);
      this.#bodyBytes = Number(/\r\ncontent-length: (\d+)/i.exec(this.headText)?.[1] ?? 0);
      this.#inBody = true;
    }
    this.#bodyBytes -= rest.length;
    if (this.#bodyBytes > 0) return undefined;
    this.#inBody = false;
    this.#head = Buffer.alloc(0);
    return Number(this.headText.slice(9, 12));
  }
}

/** One connection: takes paths from `next` until that returns undefined. */
function runConnection({ hostname, port }, next, headers, expectedStatus) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const reader = new ResponseReader();
    const ask = () => {
      const path = next();
      if (path === undefined) return socket.end();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${headers}\r\n`);
    };
    socket.setNoDelay(true);
    socket.once('connect', ask);
    socket.on('data', (bytes) => {
      const status = reader.take(bytes);
      if (status === undefined) return;
      if (status !== expectedStatus)
        socket.destroy(new Error(`expected ${expectedStatus}: ${reader.headText}`));
      else ask();
    });
    socket.once('error', reject);
    socket.once('close', resolve);
  });
}

/**
 * Gets each path once, over so many connections at a time.
 * @returns seconds
 */
export async function getAll(baseUrl, paths, { connections = 8, headers = '', status = 200 } = {}) {
  const url = new URL(baseUrl);
  let at = 0;
  const next = () => paths[at++];
  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, () => runConnection(url, next, headers, status)));
  if (at < paths.length) throw new Error(`a connection ended early, after ${at} requests`);
  return (performance.now() - started) / 1000;
}
