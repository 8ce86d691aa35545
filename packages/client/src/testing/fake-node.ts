import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Endpoint, endpoints } from '@lazyphotos/contracts';
import {
  type FakeBody,
  type FakeHandler,
  FakeProblem,
  readBody,
  sendProblem,
  sendSuccess,
} from './answer.js';
import { authHandlers } from './auth-handlers.js';
import { createFakeState, type FakeState } from './fake-state.js';
import { createFaults, cutRequest, type Fault } from './faults.js';
import { importHandlers } from './import-handlers.js';
import { libraryHandlers } from './library-handlers.js';
import { photoHandlers, sendMedia } from './photo-handlers.js';
import { uploadHandlers } from './upload-handlers.js';

export interface FakeNode {
  url: string;
  state: FakeState;
  /** Lets a coming request fail. */
  fail(fault: Fault): void;
  /** All access tokens end now; refresh tokens stay good. */
  expireAccessTokens(): void;
  /** How many requests began with this, such as `POST /auth/refresh`. */
  count(prefix: string): number;
  /** How many of them have got their whole answer, or none any more. */
  answered(prefix: string): number;
  close(): Promise<void>;
}

const handlers: Record<string, FakeHandler> = {
  ...authHandlers,
  ...uploadHandlers,
  ...photoHandlers,
  ...libraryHandlers,
  ...importHandlers,
};

const routes = Object.values(endpoints as Record<string, Endpoint>).map((endpoint) => ({
  endpoint,
  pattern: new RegExp(`^${endpoint.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
}));

function routeOf(method: string, path: string) {
  for (const { endpoint, pattern } of routes) {
    const match = endpoint.method === method.toLowerCase() ? pattern.exec(path) : null;
    if (match !== null) return { endpoint, params: { ...match.groups } as Record<string, string> };
  }
  throw new FakeProblem('not_found');
}

function accountOf(state: FakeState, endpoint: Endpoint, req: IncomingMessage): string {
  if (!state.claimed && endpoint.whileUnclaimed !== true) throw new FakeProblem('server_unclaimed');
  if (endpoint.auth === 'none') return '';
  const email = state.accessTokens.get(req.headers.authorization?.replace(/^Bearer /, '') ?? '');
  if (email === undefined) throw new FakeProblem('unauthenticated');
  return email;
}

async function bodyOf(endpoint: Endpoint, req: IncomingMessage): Promise<FakeBody> {
  if (endpoint.body === undefined || endpoint.body === 'binary') return {} as FakeBody;
  const parsed = endpoint.body.safeParse(JSON.parse((await readBody(req)).toString() || '{}'));
  if (!parsed.success) throw new FakeProblem('invalid_request', { detail: parsed.error.message });
  return parsed.data as FakeBody;
}

/** A node in memory that follows the contract as far as a client can tell, with faults on demand. For tests only. */
export async function startFakeNode(): Promise<FakeNode> {
  const state = createFakeState();
  const faults = createFaults();
  const answered: string[] = [];
  let url = '';

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { pathname: path, searchParams: query } = new URL(req.url ?? '/', url);
    const method = req.method ?? 'GET';
    state.requests.push(`${method} ${path}`);
    res.once('close', () => answered.push(`${method} ${path}`));
    const fault = faults.take(method, path);
    const isMedia = path.startsWith('/media/');
    if (fault !== undefined && 'until' in fault) await fault.until;
    const cutsResponse = isMedia || path.endsWith('/report');
    if (fault !== undefined && 'cutAfterBytes' in fault && !cutsResponse)
      return cutRequest(req, res, fault.cutAfterBytes);
    if (fault !== undefined && 'status' in fault) {
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
      throw new FakeProblem(fault.code ?? 'service_unavailable', {
        status: fault.status,
        headers: { ...headers },
      });
    }
    if (path === '/health/ready') return sendReadiness(state, res);
    if (isMedia) return sendMedia(state, req, res, { path, fault });
    const { endpoint, params } = routeOf(method, path);
    const email = accountOf(state, endpoint, req);
    const body = await bodyOf(endpoint, req);
    const handler = handlers[endpoint.id];
    if (handler === undefined)
      throw new FakeProblem('not_found', { detail: `the fake node has no ${endpoint.id}` });
    sendSuccess(
      res,
      endpoint,
      await handler({ state, baseUrl: url, params, query, body, req, res, email, fault }),
    );
  }

  const server = createServer((req, res) => {
    answer(req, res).catch((error: unknown) => {
      sendProblem(
        res,
        error instanceof FakeProblem ? error : new FakeProblem('internal_error', { detail: String(error) }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    state,
    fail: (fault) => faults.add(fault),
    expireAccessTokens: () => state.accessTokens.clear(),
    count: (prefix) => state.requests.filter((request) => request.startsWith(prefix)).length,
    answered: (prefix) => answered.filter((request) => request.startsWith(prefix)).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendReadiness({ ready }: FakeState, res: ServerResponse): void {
  res.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' });
  res.end(
    JSON.stringify({ status: ready ? 'ready' : 'not_ready', checks: { database: ready ? 'ok' : 'failed' } }),
  );
}
