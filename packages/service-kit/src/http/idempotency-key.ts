import type { Request } from 'express';
import { ProblemError } from '../errors.js';

/** The request's Idempotency-Key, if it has one. @throws ProblemError `invalid_request` when it is malformed */
export function idempotencyKeyOf(req: Request): string | undefined {
  const key = req.get('idempotency-key');
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new ProblemError('invalid_request', 'Idempotency-Key must be 1 to 200 visible ASCII characters.');
  }
  return key;
}
