import { createHash } from 'node:crypto';
import type { Endpoint } from '@lazyphotos/contracts';
import type { Request } from 'express';
import type { Principal } from '../auth/authenticate.js';
import { ProblemError } from '../errors.js';

/** The request's Idempotency-Key, if it has one. @throws ProblemError `invalid_request` when it is malformed */
function idempotencyKeyOf(req: Request): string | undefined {
  const key = req.get('idempotency-key');
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new ProblemError('invalid_request', 'Idempotency-Key must be 1 to 200 visible ASCII characters.');
  }
  return key;
}

/** What `once` of @lazyphotos/database takes. */
export interface KeyedRequest {
  userId: string;
  key: string;
  fingerprint: string;
}

/** Sorts the names of all objects, so that equal content gives equal JSON. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, canonical(item)]));
}

interface KeyableCall {
  req: Request;
  principal: Principal;
  params: unknown;
  body: unknown;
}

/**
 * The request as `once` of @lazyphotos/database takes it; undefined without an Idempotency-Key. Its fingerprint covers the
 * operation and the whole content, in any order of the members.
 * @throws ProblemError `invalid_request` for a malformed key
 */
export function keyedRequest(endpoint: Endpoint, call: KeyableCall): KeyedRequest | undefined {
  const { req, principal, params, body } = call;
  const key = idempotencyKeyOf(req);
  if (key === undefined) return undefined;
  const content = JSON.stringify(canonical([endpoint.id, params, body]));
  return { userId: principal.userId, key, fingerprint: createHash('sha256').update(content).digest('hex') };
}
