import type { IncomingMessage } from 'node:http';
import type { AnswerOf, BodyOf, Endpoint, ParamsOf, QueryOf } from '@lazyphotos/contracts';
import { json, type Request, type RequestHandler, type Response } from 'express';
import type { z } from 'zod';
import { type Principal, principalOf } from '../auth/authenticate.js';
import { requireCaller } from '../auth/service-tokens.js';
import { ProblemError } from '../errors.js';

/** What a handler gets: the validated parts of the request, and the user who makes it. */
export interface Call<E extends Endpoint> {
  params: ParamsOf<E>;
  query: QueryOf<E>;
  body: BodyOf<E>;
  principal: E['auth'] extends 'bearer' ? Principal : undefined;
  req: Request;
  res: Response;
}

/** Resolves to the response's body. Where a client can ask for another media type, the handler may send the response itself. */
export type Handler<E extends Endpoint> = (
  call: Call<E>,
) => Promise<
  E['success'] extends { alternatives: readonly string[] } ? AnswerOf<E> | undefined : AnswerOf<E>
>;

/** Requests whose body has no bytes. The parser returns `{}` for them, which is not what such a client has sent. */
const emptyBodies = new WeakSet<IncomingMessage>();

/**
 * Reads and parses a body, whatever type it announces. In one process the gateway does so before it counts an attempt; for the service,
 * which gets the same request, there is then nothing left to read.
 */
export const parseJsonBody: RequestHandler = json({
  limit: '1mb',
  strict: false,
  type: () => true,
  verify: (req, _res, bytes) => {
    if (bytes.length === 0) emptyBodies.add(req);
  },
});

interface Issue {
  path: string;
  message: string;
}

function check(where: string, schema: z.ZodType | undefined, value: unknown, issues: Issue[]): unknown {
  if (!schema) return where === 'body' ? undefined : {};
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    issues.push({ path: [where, ...issue.path].join('.'), message: issue.message });
  }
  return undefined;
}

function validate(endpoint: Endpoint, req: Request) {
  const issues: Issue[] = [];
  const bodySchema = endpoint.body === 'binary' ? undefined : endpoint.body;
  const parts = {
    params: check('path', endpoint.params, req.params, issues),
    query: check('query', endpoint.query, req.query, issues),
    body: check('body', bodySchema, emptyBodies.has(req) ? undefined : req.body, issues),
  };
  if (issues.length === 0) return parts;
  // An id that is not a UUID is an unknown one.
  if (issues.every((issue) => issue.path.startsWith('path.')))
    throw new ProblemError('not_found', 'There is no such thing.');
  if (issues.some((issue) => issue.path === 'query.cursor')) throw new ProblemError('invalid_cursor');
  throw new ProblemError('invalid_request', issues[0]?.message, { members: { errors: issues } });
}

/** @throws Error for a response that breaks the contract: tests must see it as a failure */
function checkResponse(endpoint: Endpoint, body: unknown): void {
  const result = endpoint.success.body?.safeParse(body);
  if (result && !result.success) {
    const issues = JSON.stringify(result.error.issues);
    throw new Error(`the response of ${endpoint.id} does not fit its schema: ${issues}`);
  }
}

export interface EndpointOptions {
  authenticate: RequestHandler;
  validateAnswers: boolean;
}

/** The steps of one endpoint: authentication, then validation, then the handler, whose result is the response's body. */
export function endpointSteps<E extends Endpoint>(
  { authenticate, validateAnswers }: EndpointOptions,
  endpoint: E,
  handler: Handler<E>,
): RequestHandler[] {
  const respond = async (req: Request, res: Response): Promise<void> => {
    const principal = endpoint.auth === 'bearer' ? principalOf(req) : undefined;
    const body = await handler({ ...validate(endpoint, req), principal, req, res } as Call<E>);
    if (res.headersSent || res.destroyed) return;
    if (validateAnswers) checkResponse(endpoint, JSON.parse(JSON.stringify(body ?? null)));
    if (!res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'no-store');
    res.status(endpoint.success.status);
    if (body === undefined) res.end();
    else res.json(body);
  };
  return [
    ...(endpoint.auth === 'bearer' ? [authenticate] : []),
    ...(endpoint.auth === 'service' ? [requireCaller(endpoint)] : []),
    ...(endpoint.body && endpoint.body !== 'binary' ? [parseJsonBody] : []),
    (req, res, next) => {
      respond(req, res).catch(next);
    },
  ];
}
