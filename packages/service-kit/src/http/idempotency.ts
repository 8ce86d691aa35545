import { createHash } from 'node:crypto';
import type { Endpoint } from '@lazyphotos/contracts';
import type { Request } from 'express';
import type { Principal } from '../auth/principal.js';
import { ProblemError } from '../errors.js';

/** What `once` of @lazyphotos/database takes. */
export interface KeyedRequest {
  userId: string;
  key: string;
  fingerprint: string;
}

const KEY = /^[\x20-\x7e]{1,200}$/;

/** JSON with sorted names, so that the same content always reads the same. */
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

function keyedRequest(
  endpoint: Endpoint,
  { req, principal, params, body }: KeyableCall,
): KeyedRequest | undefined {
  const key = req.get('idempotency-key');
  if (key === undefined) return undefined;
  if (!KEY.test(key))
    throw new ProblemError('invalid_request', 'An Idempotency-Key has 1 to 200 printable characters.');
  const content = JSON.stringify(canonical([endpoint.id, params, body]));
  return { userId: principal.userId, key, fingerprint: createHash('sha256').update(content).digest('hex') };
}

/**
 * Runs `work` with the request's Idempotency-Key, if it has one; `work` does the rest with `once` of @lazyphotos/database.
 * @throws ProblemError `invalid_request` for a malformed key, `idempotency_key_reused` for one of another request
 */
export async function withIdempotencyKey<T>(
  endpoint: Endpoint,
  call: KeyableCall,
  work: (request: KeyedRequest | undefined) => Promise<T>,
): Promise<T> {
  try {
    return await work(keyedRequest(endpoint, call));
  } catch (error) {
    const reused = (error as { code?: unknown } | null)?.code === 'idempotency_key_reused';
    if (!reused || error instanceof ProblemError) throw error;
    throw new ProblemError('idempotency_key_reused', 'Use a new Idempotency-Key for each request.', {
      cause: error,
    });
  }
}
