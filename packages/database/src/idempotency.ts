import type { SqlRunner } from './database.js';

/** A client used one Idempotency-Key for two different requests. */
export class IdempotencyKeyReusedError extends Error {
  readonly code = 'idempotency_key_reused';
  constructor() {
    super('This Idempotency-Key was used for another request.');
    this.name = 'IdempotencyKeyReusedError';
  }
}

export interface IdempotentRequest {
  userId: string;
  key: string;
  /** Identifies the content of the request; the same key with another fingerprint is an error. */
  fingerprint: string;
}

/**
 * Runs `work` once per user and key and stores its result for a day (draft-ietf-httpapi-idempotency-key-header). It is part of the
 * caller's transaction: a request that fails is not stored, and a repeat that comes while the first is running waits for it at the
 * unique key.
 * @throws IdempotencyKeyReusedError
 */
export async function once<T>(
  tx: SqlRunner,
  { userId, key, fingerprint }: IdempotentRequest,
  work: () => Promise<T>,
): Promise<T> {
  await tx.$executeRawUnsafe(
    `DELETE FROM idempotency_keys WHERE user_id = $1::uuid AND created_at < now() - interval '24 hours'`,
    userId,
  );
  const inserted = await tx.$executeRawUnsafe(
    `INSERT INTO idempotency_keys (user_id, key, fingerprint) VALUES ($1::uuid, $2, $3) ON CONFLICT DO NOTHING`,
    userId,
    key,
    fingerprint,
  );
  if (inserted === 0) {
    const [stored] = await tx.$queryRawUnsafe<{ fingerprint: string; answer: unknown }[]>(
      `SELECT fingerprint, answer FROM idempotency_keys WHERE user_id = $1::uuid AND key = $2`,
      userId,
      key,
    );
    if (stored?.fingerprint !== fingerprint) throw new IdempotencyKeyReusedError();
    return stored.answer as T;
  }
  const result = await work();
  await tx.$executeRawUnsafe(
    `UPDATE idempotency_keys SET answer = $3::jsonb WHERE user_id = $1::uuid AND key = $2`,
    userId,
    key,
    JSON.stringify(result ?? null),
  );
  return result;
}
