import { type ProblemCode, problemCatalog } from '@lazyphotos/contracts';

/** What a client is told: a code of the catalog, a sentence, and members that this problem adds. */
export class ProblemError extends Error {
  readonly status: number;
  constructor(
    readonly code: ProblemCode,
    readonly detail?: string,
    readonly more: {
      members?: Record<string, unknown>;
      headers?: Record<string, string>;
      cause?: unknown;
    } = {},
  ) {
    super(detail ?? problemCatalog[code].title, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'ProblemError';
    this.status = problemCatalog[code].status;
  }
}

/** Returns whether the error is a problem, and one of these. */
export const isProblem = (error: unknown, ...codes: readonly ProblemCode[]): error is ProblemError =>
  error instanceof ProblemError && codes.includes(error.code);

export const notFound = (what: string): ProblemError =>
  new ProblemError('not_found', `There is no such ${what}.`);

/** Codes of Node, PostgreSQL and Prisma that mean "the other side is away or busy", not "the request is wrong". */
const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
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
  // kinds of Prisma's driver adapters
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'storage_unavailable',
  'service_unavailable',
]);
/** What `pg` throws for lost and missing connections without any code: its words are all there is (problems.test.ts has them). */
const LOST_CONNECTION = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error and is not queryable',
]);
const STORAGE_FULL = new Set(['storage_full', 'ENOSPC', 'EDQUOT', '53100']);

/** Yields the error, its causes and the parts of an AggregateError, to a depth that ends even for a loop. */
function* causes(error: unknown, depth = 0): Generator<Record<string, unknown>> {
  if (typeof error !== 'object' || error === null || depth > 6) return;
  const node = error as Record<string, unknown>;
  yield node;
  yield* causes(node.cause, depth + 1);
  // Prisma's driver adapters keep the original under meta.
  yield* causes((node.meta as Record<string, unknown> | undefined)?.driverAdapterError, depth + 1);
  if (Array.isArray(node.errors)) for (const part of node.errors) yield* causes(part, depth + 1);
}

const codesOf = (node: Record<string, unknown>) =>
  [node.code, node.originalCode, node.kind].filter((c) => typeof c === 'string');

function isUnavailable(node: Record<string, unknown>): boolean {
  if (codesOf(node).some((code) => UNAVAILABLE.has(code))) return true;
  return node.code === undefined && typeof node.message === 'string' && LOST_CONNECTION.has(node.message);
}

/** The problem that any thrown value becomes; what nobody expected is an `internal_error` that shows nothing. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  for (const node of causes(error)) {
    if (codesOf(node).some((code) => STORAGE_FULL.has(code))) {
      return new ProblemError('storage_full', undefined, { headers: { 'Retry-After': '300' }, cause: error });
    }
    if (codesOf(node).includes('idempotency_key_reused')) {
      return new ProblemError('idempotency_key_reused', 'Use a new Idempotency-Key for another request.', {
        cause: error,
      });
    }
    if (isUnavailable(node)) {
      return new ProblemError('service_unavailable', undefined, {
        headers: { 'Retry-After': '5' },
        cause: error,
      });
    }
  }
  return new ProblemError('internal_error', undefined, { cause: error });
}
