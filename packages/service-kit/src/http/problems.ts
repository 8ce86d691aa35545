import type { IncomingMessage, ServerResponse } from 'node:http';
import { problemCatalog } from '@lazyphotos/contracts';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { currentRequestId } from '../context.js';
import { ProblemError } from '../errors.js';
import { describeError, type Logger } from '../logger.js';

/** Characters of a token or a sealed handle, percent-encoded ones included. Every name in our routes is shorter. */
const LONG_SEGMENT = /[\w%~.-]{20,}/g;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The path of a request as logs and problems may show it: without its query, and without what may be a secret, such as the token of
 * a share link. This includes unknown paths, since a mistyped one still contains the whole token. Ids stay.
 */
export const shownPath = (originalUrl: string): string =>
  (originalUrl.split('?')[0] ?? '').replace(LONG_SEGMENT, (part) => (UUID.test(part) ? part : '***'));

/** More than the largest chunk; a larger body is not worth reading only to discard it. */
const MAX_DISCARDED = 100 * 1000 ** 2;

/**
 * Reads and discards the body that a refused request has left unread, so that the client receives the response: closing the
 * connection during the body resets it, and a phone whose token has expired would see a network error instead of the 401, and
 * send the same chunk again and again. Only a body that is too large for that closes the connection.
 */
function discardBody(req: Request, res: Response): void {
  if (req.complete) return;
  if (Number(req.headers['content-length'] ?? 0) > MAX_DISCARDED) {
    res.setHeader('Connection', 'close');
    return;
  }
  let discarded = 0;
  req.unpipe();
  req.on('error', () => undefined);
  req.on('data', (bytes: Buffer) => {
    discarded += bytes.length;
    if (discarded > MAX_DISCARDED) req.destroy();
  });
  req.resume();
}

/** Sends a problem as RFC 9457 defines it. */
export function sendProblem(res: ServerResponse, problem: ProblemError): void {
  const { code, detail, more } = problem;
  const req: IncomingMessage & { originalUrl?: string } = res.req;
  const instance = shownPath(req.originalUrl ?? req.url ?? '');
  res.statusCode = problem.status;
  for (const [name, value] of Object.entries(more.headers ?? {})) res.setHeader(name, value);
  if (problem.status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  const body = {
    type: `urn:lazyphotos:problem:${code}`,
    title: problemCatalog[code].title,
    status: problem.status,
    detail: detail ?? `${problemCatalog[code].title}.`,
    instance,
    code,
    requestId: currentRequestId(),
    ...more.members,
  };
  res.end(JSON.stringify(body));
}

/** Codes of node's decoders: of gzip and deflate, Brotli, Zstandard. */
const ZLIB_CODE = /^(Z_|ERR_BROTLI|ERR__ERROR_|ZSTD_)/;

/** Returns the problem that an error of Express or of a body parser means. Those of the parsers have a type and a status. */
function fromParser(error: unknown): ProblemError | undefined {
  const { type, code, status } = (error ?? {}) as { type?: unknown; code?: unknown; status?: unknown };
  const fromZlib = typeof code === 'string' && ZLIB_CODE.test(code);
  const isRefusal = typeof type === 'string' && typeof status === 'number' && status < 500;
  if (type === 'request.aborted') return new ProblemError('invalid_request', 'The request was aborted.');
  // Too many bytes, or too many fields of a form.
  if (isRefusal && status === 413) return new ProblemError('payload_too_large', 'The body is too large.');
  if (fromZlib || isRefusal) return new ProblemError('malformed_json', 'The body could not be parsed.');
  return error instanceof URIError
    ? new ProblemError('invalid_request', 'The path is not valid.')
    : undefined;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The one place where errors become responses. */
export function problemHandler(
  logger: Logger,
  problemOf: (error: unknown) => ProblemError,
): ErrorRequestHandler {
  return (error, req, res, _next) => {
    const problem = fromParser(error) ?? problemOf(error);
    if (problem.status >= 500) {
      const level = problem.status === 500 ? 'error' : 'warn';
      const { code, detail } = problem;
      // A full disk has one reason, and its log must not fill it further.
      if (code === 'storage_full') logger.warn('request refused', { code, reason: reasonOf(error) });
      else logger[level]('request failed', { code, detail, error: describeError(error) });
    }
    if (res.headersSent) {
      // The client has a part of the response; only a broken connection tells it that the rest is missing.
      res.destroy();
      return;
    }
    discardBody(req, res);
    sendProblem(res, problem);
  };
}
