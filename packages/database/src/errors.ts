import { errorChain } from '@lazyphotos/service-kit';

/** PostgreSQL cannot be reached, is busy, or has no room. The cause is what Prisma or `pg` threw. */
export class DatabaseError extends Error {
  constructor(
    readonly code: 'service_unavailable' | 'database_full',
    cause: unknown,
  ) {
    super(code === 'database_full' ? 'the disk of the database is full' : 'the database is not available', {
      cause,
    });
    this.name = 'DatabaseError';
  }
}

/** Codes of Node, of Prisma, of PostgreSQL, and kinds of Prisma's driver adapters. */
const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08006',
  '08001',
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
]);
/** `pg` throws these for lost and missing connections without any code; only the messages tell them apart (errors.test.ts). */
const LOST_CONNECTION = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
]);
const DISK_FULL = '53100';
const UNIQUE_VIOLATION = '23505';
const SERIALIZATION_FAILURE = '40001';

/** Returns the typed error that a fault of Prisma or `pg` means; undefined for every other fault, such as a wrong query. */
export function translateDatabaseError(error: unknown): DatabaseError | undefined {
  for (const { code, originalCode, kind, message, meta } of errorChain(error)) {
    // Prisma's driver adapters keep the original error there.
    const { driverAdapterError } = (meta ?? {}) as { driverAdapterError?: unknown };
    const original = translateDatabaseError(driverAdapterError);
    if (original) return new DatabaseError(original.code, error);
    const codes = [code, originalCode, kind];
    if (codes.includes(DISK_FULL)) return new DatabaseError('database_full', error);
    const isUnavailable =
      codes.some((known) => typeof known === 'string' && UNAVAILABLE.has(known)) ||
      (code === undefined && typeof message === 'string' && LOST_CONNECTION.has(message));
    if (isUnavailable) return new DatabaseError('service_unavailable', error);
  }
  return undefined;
}

/** Whether a statement of the pool has failed because a row with the same key is there. */
export function isUniqueViolation(error: unknown): boolean {
  return hasCode(error, UNIQUE_VIOLATION);
}

/** Runs a statement of the pool again when what it has read was changed meanwhile: once, because then it sees the change. */
export async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (hasCode(error, SERIALIZATION_FAILURE)) return attempt();
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
