import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  url: string;
  port: number;
  /** Closes the server and every connection to it. */
  close(): Promise<void>;
}

/** Serves an Express app or a bare handler on a free port of this machine. */
export async function listen(handler: RequestListener): Promise<Listening> {
  const server = createServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface HttpOptions {
  /** GET, or POST with a body. */
  method?: string;
  /** Sent as `Authorization: Bearer …`. */
  token?: string | undefined;
  /** Sent as JSON. */
  json?: unknown;
  body?: string | Uint8Array<ArrayBuffer> | Blob | FormData | ReadableStream;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface HttpReply {
  status: number;
  headers: Headers;
  /** The parsed JSON. Undefined when the reply is not declared as JSON or has no content. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies of every shape, and assert what they find.
  body: any;
  text: string;
  bytes: Buffer;
}

/** One request, one whole reply; redirects are not followed, no status throws. */
export async function http(url: string, options: HttpOptions = {}): Promise<HttpReply> {
  const headers = new Headers(options.headers);
  if (options.token !== undefined) headers.set('authorization', `Bearer ${options.token}`);
  if (options.json !== undefined) headers.set('content-type', 'application/json');

  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  const response = await fetch(url, {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body, duplex: 'half' }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString();
  return {
    status: response.status,
    headers: response.headers,
    body: parse(response.headers, text),
    text,
    bytes,
  };
}

function parse(headers: Headers, text: string): unknown {
  const isJson = /[/+]json\b/.test(headers.get('content-type') ?? '');
  return isJson && text !== '' ? JSON.parse(text) : undefined;
}
