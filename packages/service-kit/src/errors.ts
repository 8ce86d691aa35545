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

/** Codes of Node, and of the typed errors of ports, that mean "the other side is away or busy", not "the request is wrong". */
const UNAVAILABLE = new Set<unknown>([
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
  'storage_unavailable',
  'service_unavailable',
]);
const STORAGE_FULL = new Set<unknown>(['storage_full', 'ENOSPC', 'EDQUOT']);

/** Yields the error, its causes and the parts of an AggregateError. The depth is limited, so that a loop of causes ends. */
export function* errorChain(error: unknown, depth = 0): Generator<Record<string, unknown>> {
  if (typeof error !== 'object' || error === null || depth > 6) return;
  const node = error as Record<string, unknown>;
  yield node;
  yield* errorChain(node.cause, depth + 1);
  if (Array.isArray(node.errors)) for (const part of node.errors) yield* errorChain(part, depth + 1);
}

/** Whether a dependency that is there has refused the request, so that the same one would not succeed later. */
export function isRefusal(error: unknown): boolean {
  for (const node of errorChain(error)) if (node.isRefusal === true) return true;
  return false;
}

/** Returns the problem of a request that needs a service which does not respond. */
export const serviceUnavailable = (service: string, cause: unknown): ProblemError =>
  new ProblemError('service_unavailable', `The ${service} service does not respond.`, {
    headers: { 'Retry-After': '5' },
    cause,
  });

/** Whether an error means that a disk or a store has no room. */
export function isStorageFull(error: unknown): boolean {
  for (const { code } of errorChain(error)) if (STORAGE_FULL.has(code)) return true;
  return false;
}

/** Returns the typed error that a vendor's error means; undefined if it is not of that vendor. */
export type ErrorTranslator = (error: unknown) => Error | undefined;

/**
 * Returns the problem that any thrown value becomes. `translators` are those of the ports in use. An unexpected error becomes an
 * `internal_error`, which shows nothing.
 */
export function toProblem(error: unknown, translators: readonly ErrorTranslator[]): ProblemError {
  if (error instanceof ProblemError) return error;
  const [typed = error] = translators.flatMap((translate) => translate(error) ?? []);
  for (const { code } of errorChain(typed)) {
    if (STORAGE_FULL.has(code)) {
      return new ProblemError('storage_full', 'The disk of the node is full; its owner has to make room.', {
        headers: { 'Retry-After': '300' },
        cause: error,
      });
    }
    if (code === 'database_full') {
      const detail = 'The disk of the database is full: nothing can be changed, reads go on.';
      return new ProblemError('service_unavailable', detail, {
        headers: { 'Retry-After': '30' },
        cause: error,
      });
    }
    if (code === 'idempotency_key_reused') {
      return new ProblemError(code, 'Use a new Idempotency-Key for another request.', { cause: error });
    }
    if (UNAVAILABLE.has(code)) {
      return new ProblemError('service_unavailable', undefined, {
        headers: { 'Retry-After': '5' },
        cause: error,
      });
    }
  }
  return new ProblemError('internal_error', undefined, { cause: error });
}
