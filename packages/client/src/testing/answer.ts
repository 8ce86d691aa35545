import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type AnnouncedDateSource,
  type Endpoint,
  type ProblemCode,
  problemCatalog,
} from '@lazyphotos/contracts';
import type { FakeState } from './fake-state.js';
import type { FaultEffect } from './faults.js';

/** The fields that handlers look at; each endpoint's schema has checked those that it has. */
export interface FakeBody {
  email: string;
  password: string;
  displayName?: string;
  code: string;
  ownerEmail: string;
  deviceId?: string;
  refreshToken: string;
  platform: string;
  hash: string;
  sizeBytes: number;
  mimeType: string;
  fileName?: string;
  capturedAt?: string;
  capturedAtSource?: AnnouncedDateSource;
  locationLat?: number;
  locationLon?: number;
  restore?: boolean;
}

/** What a handler of the fake node is given. The body has been checked against the contract. */
export interface FakeCall {
  state: FakeState;
  baseUrl: string;
  params: Record<string, string>;
  query: URLSearchParams;
  body: FakeBody;
  req: IncomingMessage;
  res: ServerResponse;
  /** E-mail of the signed-in account, '' for public endpoints. */
  email: string;
  fault: FaultEffect | undefined;
}

/** The body of the success; undefined when there is none. */
export type FakeHandler = (call: FakeCall) => unknown;

/** Thrown by handlers to answer a problem. */
export class FakeProblem extends Error {
  readonly code: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  constructor(
    code: ProblemCode | string,
    options: { status?: number; detail?: string; headers?: Record<string, string> } = {},
  ) {
    super(options.detail ?? code);
    this.code = code;
    this.status = options.status ?? problemCatalog[code as ProblemCode]?.status ?? 500;
    this.headers = options.headers ?? {};
  }
}

export function sendProblem(res: ServerResponse, problem: FakeProblem): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    connection: 'close',
    ...problem.headers,
  });
  res.end(
    JSON.stringify({
      type: `urn:lazyphotos:problem:${problem.code}`,
      title: problem.code,
      status: problem.status,
      detail: problem.message,
      code: problem.code,
      requestId: 'fake-request',
    }),
  );
}

export function sendSuccess(res: ServerResponse, endpoint: Endpoint, body: unknown): void {
  // A handler that streams has done it by itself.
  if (res.headersSent || res.destroyed) return;
  const { status, body: schema } = endpoint.success;
  if (schema === undefined) {
    res.writeHead(status).end();
    return;
  }
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(schema.parse(body)));
}

export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of req) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new FakeProblem('not_found');
  return value;
}

/** A page by index: the cursor is the number of the next item. */
export function pageOf<T>(all: readonly T[], query: URLSearchParams) {
  const start = Number(query.get('cursor') ?? 0);
  const end = start + Number(query.get('limit') ?? 100);
  const hasMore = end < all.length;
  return { items: all.slice(start, end), cursor: hasMore ? String(end) : null, hasMore };
}
