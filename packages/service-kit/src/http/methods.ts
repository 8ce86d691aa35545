import type { RequestHandler } from 'express';
import { ProblemError } from '../errors.js';

/** Responds with 405 and names the methods that the path has (RFC 9110, section 15.5.6). GET implies HEAD. */
export function methodNotAllowed(methods: readonly string[]): RequestHandler {
  const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  return (_req, _res, next) =>
    next(new ProblemError('method_not_allowed', `Allowed here: ${allow}.`, { headers: { Allow: allow } }));
}
