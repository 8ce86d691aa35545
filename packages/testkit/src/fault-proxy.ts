import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { type Listening, listen } from './http.js';

/** What goes wrong with a request on its way. */
export type FaultEffect =
  /**
   * The connection breaks: at once, or after so many bytes of the body of the response to a GET, or of any other request, which does
   * not reach the node. A response is cut not before `when` resolves.
   */
  | { cutAfterBytes: number; when?: Promise<unknown> }
  /** A problem instead of the response; the request does not reach the node. */
  | { status: number; code?: string; retryAfter?: number }
  /** The request is acknowledged with 204 and does not reach the node. */
  | { loseRequest: true }
  /** The node handles the request, then the connection breaks. */
  | { loseResponse: true }
  /** The request goes on when this resolves. */
  | { until: Promise<unknown> }
  /** The request goes to another path. */
  | { path: (path: string) => string }
  /** The JSON of the response is changed on its way, and its status if one is given. */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape of the response that it changes.
  | { edit: (body: any) => unknown; asStatus?: number };

export interface Fault {
  /** `PUT /upload-sessions`: a method and the beginning of a path. */
  on: string;
  effect: FaultEffect;
  /** How often, default once. */
  times?: number;
  /** How many requests are let through before. */
  after?: number;
}

/** A proxy in front of a node that looks like the node itself: the node's URLs in JSON lead through the proxy. */
export interface FaultProxy {
  url: string;
  /** Lets a coming request fail. Faults for the same request take effect one after the other, in the order of these calls. */
  fail(fault: Fault): void;
  /** Refuses all access tokens that were issued or used through this proxy; refresh tokens stay valid. */
  expireAccessTokens(): void;
  /** How many requests began with this, such as `POST /auth/refresh`. */
  count(prefix: string): number;
  /** How many of them have got their whole response, or will get none. */
  responded(prefix: string): number;
  /** Bytes of the bodies of such requests that went to the node. */
  bytes(prefix: string): number;
  /** Bodies of such requests that went to the node as JSON, in the order of their arrival. */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape of the requests that it looks at.
  bodies(prefix: string): any[];
  /** Ends the proxy: the node is away. */
  close(): Promise<void>;
}

interface Exchange {
  line: string;
  req: IncomingMessage;
  res: ServerResponse;
  effect: FaultEffect | undefined;
}

/** JSON up to this length is read as a whole, to be changed; longer responses are streamed as they are. */
const JSON_LIMIT = 4 * 1024 ** 2;

/** Starts a proxy in front of the node at `target`. Each test has its own, with its own faults and counts. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const proxy = new HttpFaultProxy(target);
  await proxy.start();
  return proxy;
}

class HttpFaultProxy implements FaultProxy {
  readonly #target: string;
  readonly #faults: { fault: Fault; left: number; skip: number }[] = [];
  readonly #requests: string[] = [];
  readonly #responses: string[] = [];
  readonly #sent: { line: string; bytes: number; json: Buffer[] }[] = [];
  /** Values of the Authorization header. */
  readonly #seenTokens = new Set<string>();
  #expiredTokens = new Set<string>();
  #listening: Listening | undefined;

  constructor(target: string) {
    this.#target = target;
  }

  async start(): Promise<void> {
    this.#listening = await listen((req, res) => void this.#handle(req, res));
  }

  get url(): string {
    return this.#listening?.url ?? '';
  }

  fail(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? 1, skip: fault.after ?? 0 });
  }

  expireAccessTokens(): void {
    this.#expiredTokens = new Set(this.#seenTokens);
  }

  count(prefix: string): number {
    return this.#requests.filter((line) => line.startsWith(prefix)).length;
  }

  responded(prefix: string): number {
    return this.#responses.filter((line) => line.startsWith(prefix)).length;
  }

  bytes(prefix: string): number {
    return this.#sent.reduce((sum, { line, bytes }) => sum + (line.startsWith(prefix) ? bytes : 0), 0);
  }

  // biome-ignore lint/suspicious/noExplicitAny: see the interface.
  bodies(prefix: string): any[] {
    const sent = this.#sent.filter(({ line, json }) => line.startsWith(prefix) && json.length > 0);
    return sent.map(({ json }) => JSON.parse(Buffer.concat(json).toString()));
  }

  async close(): Promise<void> {
    await this.#listening?.close();
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const line = `${req.method} ${req.url}`;
    this.#requests.push(line);
    req.on('error', () => res.destroy());
    res.once('close', () => this.#responses.push(line));
    const effect = this.#takeFault(line);
    if (effect && 'until' in effect) await effect.until;
    if (res.destroyed) return;
    if (effect && 'status' in effect) return refuse(req, res, effect);
    const token = req.headers.authorization ?? '';
    if (this.#expiredTokens.has(token)) return refuse(req, res, { status: 401, code: 'unauthenticated' });
    if (token !== '') this.#seenTokens.add(token);
    if (effect && 'loseRequest' in effect) {
      await buffer(req).catch(() => undefined);
      res.writeHead(204).end();
    } else if (effect && 'cutAfterBytes' in effect && req.method !== 'GET') {
      await cutRequest(req, res, effect.cutAfterBytes);
    } else this.#forward({ line, req, res, effect });
  }

  /** The fault that meets this request, used up once. */
  #takeFault(line: string): FaultEffect | undefined {
    for (const entry of this.#faults) {
      if (entry.left === 0 || !line.startsWith(entry.fault.on)) continue;
      if (entry.skip > 0) {
        entry.skip -= 1;
        continue;
      }
      entry.left -= 1;
      return entry.fault.effect;
    }
    return undefined;
  }

  #forward({ line, req, res, effect }: Exchange): void {
    const sent = { line, bytes: 0, json: [] as Buffer[] };
    const isJson = /[/+]json\b/.test(req.headers['content-type'] ?? '');
    this.#sent.push(sent);
    const path = effect && 'path' in effect ? effect.path(req.url ?? '/') : (req.url ?? '/');
    const upstream = this.#openRequest(req, path, (response) => {
      this.#respond(response, res, effect).catch(() => res.destroy());
    });
    upstream.on('error', () => res.destroy());
    res.on('close', () => upstream.destroy());
    req.on('data', (bytes: Buffer) => {
      sent.bytes += bytes.length;
      if (isJson) sent.json.push(bytes);
    });
    req.pipe(upstream);
  }

  #openRequest(
    req: IncomingMessage,
    path: string,
    onResponse: (response: IncomingMessage) => void,
  ): ClientRequest {
    const { method } = req;
    // A connection for each request: one that the node just closes must not look like a fault. It is not announced as one: the node would
    // close it after an early response, and the rest of the body would meet a reset that takes the response away.
    const headers = { ...req.headers, connection: 'keep-alive' };
    return request(new URL(path, this.#target), { method, headers, agent: false }, onResponse);
  }

  async #respond(
    response: IncomingMessage,
    res: ServerResponse,
    effect: FaultEffect | undefined,
  ): Promise<void> {
    const { connection: _connection, ...headers } = response.headers;
    const status = response.statusCode ?? 502;
    response.on('error', () => res.destroy());
    if (effect && 'loseResponse' in effect) {
      await buffer(response);
      res.destroy();
    } else if (effect && 'cutAfterBytes' in effect) {
      res.writeHead(status, headers);
      await cutResponse(response, res, effect);
    } else if (isShortJson(response)) {
      const body = (await buffer(response)).toString().replaceAll(this.#target, this.url);
      this.#rememberToken(body);
      const { 'content-length': _length, ...others } = headers;
      const isEdited = effect && 'edit' in effect;
      const changed = isEdited ? JSON.stringify(effect.edit(JSON.parse(body))) : body;
      res.writeHead((isEdited && effect.asStatus) || status, others).end(changed);
    } else {
      res.writeHead(status, headers);
      response.pipe(res);
    }
  }

  #rememberToken(body: string): void {
    const token = /"accessToken":"([^"]+)"/.exec(body)?.[1];
    if (token !== undefined) this.#seenTokens.add(`Bearer ${token}`);
  }
}

function isShortJson({ headers }: IncomingMessage): boolean {
  const length = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  return /[/+]json\b/.test(headers['content-type'] ?? '') && length <= JSON_LIMIT;
}

/**
 * Responds with a problem once the whole request is read: a connection that ends before may break while the client sends a large body,
 * and the client then never sees the response.
 */
async function refuse(
  req: IncomingMessage,
  res: ServerResponse,
  { status, code = 'service_unavailable', retryAfter }: Extract<FaultEffect, { status: number }>,
): Promise<void> {
  req.resume();
  await finished(req).catch(() => undefined);
  res.writeHead(status, {
    'content-type': 'application/problem+json',
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  });
  const type = `urn:lazyphotos:problem:${code}`;
  res.end(JSON.stringify({ type, title: code, status, detail: code, code, requestId: 'fault-proxy' }));
}

/** Breaks the connection once `bytes` of the request have arrived. */
async function cutRequest(req: IncomingMessage, res: ServerResponse, bytes: number): Promise<void> {
  let seen = 0;
  if (bytes > 0)
    for await (const piece of req) {
      seen += (piece as Buffer).length;
      if (seen >= bytes) break;
    }
  res.destroy();
}

/** Breaks the connection once exactly `cutAfterBytes` of the response were sent. */
async function cutResponse(
  response: IncomingMessage,
  res: ServerResponse,
  { cutAfterBytes, when }: Extract<FaultEffect, { cutAfterBytes: number }>,
): Promise<void> {
  let left = cutAfterBytes;
  if (left === 0) res.flushHeaders();
  // The node's connection stays until the client's is cut: its end would cut that one too early.
  for await (const piece of response.iterator({ destroyOnReturn: false })) {
    const bytes = (piece as Buffer).subarray(0, left);
    left -= bytes.length;
    await new Promise((resolve) => res.write(bytes, resolve));
    if (left === 0) break;
  }
  await when;
  res.destroy();
}
