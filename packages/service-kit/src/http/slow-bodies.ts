import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Endpoint, endpoints } from '@lazyphotos/contracts';
import type { RequestHandler } from 'express';
import { ProblemError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics.js';
import { sendProblem, shownPath } from './problems.js';

/** How long the node waits for the bytes of a request's body. */
export interface BodyLimits {
  /** For the whole body of a request, unless it is a chunk. */
  wholeMs: number;
  /** The least average rate of a chunk. */
  chunkBytesPerSecond: number;
  /** The time over which the rate of a chunk is taken. */
  chunkWindowMs: number;
}

/**
 * A phone that sends through a tunnel or in a lift stands still for tens of seconds, and goes on: a minute has to pass before its rate
 * counts. GPRS, the slowest network that phones still meet, brings 3,000 bytes a second and more.
 */
export const CHUNK_WINDOW_MS = 60_000;
const DEFAULT_LIMITS: BodyLimits = {
  wholeMs: 60_000,
  chunkBytesPerSecond: 1000,
  chunkWindowMs: CHUNK_WINDOW_MS,
};
const LONGEST_TICK_MS = 1000;

type BodyKind = 'chunk' | 'other';

export interface BodyLimitDeps {
  name: string;
  logger: Logger;
  metrics: Metrics;
  bodyLimits?: BodyLimits | undefined;
}

/** In one process the gateway and the service see the same request; one of them limits it. */
const watched = new WeakSet<IncomingMessage>();

/**
 * Ends requests whose body comes too slowly, with 408 `request_timeout` if there is no response yet. Only the time counts in which the
 * node waits for the client: while bytes stand unread, because the node or its disk is busy, the client is not to blame.
 */
export function limitBodies(deps: BodyLimitDeps): RequestHandler {
  const { wholeMs, chunkBytesPerSecond, chunkWindowMs } = deps.bodyLimits ?? DEFAULT_LIMITS;
  return (req, res, next) => {
    if (hasBody(req) && !watched.has(req)) {
      watched.add(req);
      const kind = isChunk(req) ? 'chunk' : 'other';
      const isSlow = kind === 'chunk' ? slowerThan(chunkBytesPerSecond, chunkWindowMs) : longerThan(wholeMs);
      const shortest = kind === 'chunk' ? chunkWindowMs : wholeMs;
      watch(req, Math.min(LONGEST_TICK_MS, shortest / 10), isSlow, (bytes) => end(deps, res, kind, bytes));
    }
    next();
  };
}

/** Whether a request announces a body (RFC 9112, section 6.3). */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const chunkRoutes = Object.values<Endpoint>(endpoints)
  .filter(({ body }) => body === 'binary')
  .map(({ method, path }) => ({
    method: method.toUpperCase(),
    path: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i'),
  }));

/** Whether the body is a chunk of a file, which is streamed. All other bodies are small. */
const isChunk = ({ method, url = '' }: IncomingMessage): boolean =>
  chunkRoutes.some((route) => route.method === method && route.path.test(url.split('?')[0] ?? ''));

/** Says at the end of each time of waiting whether the body is too slow. */
type IsSlow = (waitedMs: number, bytes: number) => boolean;

const longerThan =
  (limitMs: number): IsSlow =>
  (waitedMs) =>
    waitedMs >= limitMs;

function slowerThan(bytesPerSecond: number, windowMs: number): IsSlow {
  let from = { waitedMs: 0, bytes: 0 };
  return (waitedMs, bytes) => {
    if (waitedMs - from.waitedMs < windowMs) return false;
    const isSlow = bytes - from.bytes < (bytesPerSecond * windowMs) / 1000;
    from = { waitedMs, bytes };
    return isSlow;
  };
}

/** Calls `onSlow` once with the number of bytes that have come when `isSlow` says so. Ends with the body. */
function watch(req: IncomingMessage, tickMs: number, isSlow: IsSlow, onSlow: (bytes: number) => void): void {
  const { socket } = req;
  const before = socket.bytesRead;
  let waitedMs = 0;
  const timer = setInterval(() => {
    if (req.complete || socket.destroyed) return clearInterval(timer);
    if (req.readableLength > 0) return;
    waitedMs += tickMs;
    const bytes = socket.bytesRead - before;
    if (!isSlow(waitedMs, bytes)) return;
    clearInterval(timer);
    onSlow(bytes);
  }, tickMs);
  for (const event of ['end', 'close']) req.once(event, () => clearInterval(timer));
}

function end({ name, logger, metrics }: BodyLimitDeps, res: ServerResponse, kind: BodyKind, bytes: number) {
  const { req } = res;
  metrics.slowBodies.inc({ service: name, kind });
  const path = shownPath(req.url ?? '');
  logger.warn('a body came too slowly', { path, kind, receivedBytes: bytes });
  if (res.headersSent) {
    req.socket.destroy();
    return;
  }
  // The rest of the body is not waited for: Node closes the connection after the response.
  res.setHeader('Connection', 'close');
  sendProblem(res, new ProblemError('request_timeout', 'The body came too slowly. Send the request again.'));
}
