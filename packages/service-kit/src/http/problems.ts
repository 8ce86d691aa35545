import { problemCatalog } from '@lazyphotos/contracts';
import type { ErrorRequestHandler, Response } from 'express';
import { currentRequestId } from '../context.js';
import { ProblemError, toProblem } from '../errors.js';
import { describeError, type Logger } from '../logger.js';
import { shownPath } from './shown-path.js';
import { discardBody } from './unread-body.js';

/** Writes a problem as RFC 9457 says. */
export function sendProblem(res: Response, problem: ProblemError): void {
  const { code, detail, more } = problem;
  const instance = shownPath(res.req.originalUrl);
  res.status(problem.status);
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

/** Errors of the body parsers carry a type and a status; everything else goes through `toProblem`. */
function fromParser(error: unknown): ProblemError | undefined {
  const { type, code, status } = (error ?? {}) as { type?: unknown; code?: unknown; status?: unknown };
  const fromZlib = typeof code === 'string' && code.startsWith('Z_');
  const isRefusal = typeof type === 'string' && typeof status === 'number' && status < 500;
  if (type === 'request.aborted') return new ProblemError('invalid_request', 'The request was aborted.');
  // Too many bytes, or too many fields of a form.
  if (isRefusal && status === 413) return new ProblemError('payload_too_large', 'The body is too large.');
  if (fromZlib || isRefusal) return new ProblemError('malformed_json', 'The body could not be parsed.');
  return error instanceof URIError
    ? new ProblemError('invalid_request', 'The path is not valid.')
    : undefined;
}

/** The one place where errors become answers. */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  return (error, req, res, _next) => {
    const problem = fromParser(error) ?? toProblem(error);
    if (problem.status >= 500) {
      const level = problem.status === 500 ? 'error' : 'warn';
      logger[level]('request failed', { code: problem.code, error: describeError(error) });
    }
    if (res.headersSent) {
      // The client has part of an answer; only a cut connection tells it that the rest is missing.
      res.destroy();
      return;
    }
    discardBody(req, res);
    sendProblem(res, problem);
  };
}
