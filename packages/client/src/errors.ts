import type { ProblemCode } from '@lazyphotos/contracts';

/** A code of the contract, or one that a newer node or something between us and the node made up. */
export type ErrorCode = ProblemCode | (string & {});

interface ApiErrorFields {
  status: number;
  code: ErrorCode;
  title?: string | undefined;
  detail?: string | undefined;
  requestId?: string | undefined;
  /** Seconds that the node asks to wait. */
  retryAfter?: number | undefined;
  errors?: readonly { path: string; message: string }[] | undefined;
}

/** The node answered, and the answer is no. `code` is `http_error` when the answer was not a problem document. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  readonly errors: readonly { path: string; message: string }[];

  constructor(fields: ApiErrorFields) {
    const errors = fields.errors ?? [];
    const where = errors
      .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
      .join('; ');
    const summary = fields.detail ?? fields.title ?? `the server answered ${fields.status}`;
    super(where === '' ? summary : `${summary} (${where})`);
    this.name = 'ApiError';
    this.status = fields.status;
    this.code = fields.code;
    this.detail = fields.detail;
    this.requestId = fields.requestId;
    this.retryAfter = fields.retryAfter;
    this.errors = errors;
  }
}

/** Failures before the first byte of a request has left this machine: the node cannot have acted on it. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

function systemCodeOf(error: unknown): string | undefined {
  const { code, cause, errors } = (error ?? {}) as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  // "Happy eyeballs" reports one error for each address it tried.
  if (Array.isArray(errors) && errors.length > 0) return systemCodeOf(errors[0]);
  return cause === undefined ? undefined : systemCodeOf(cause);
}

/** The innermost message: "fetch failed" says less than what made it fail. */
function innermostMessage(error: unknown): string {
  const { cause, message } = (error ?? {}) as { cause?: unknown; message?: unknown };
  if (cause !== undefined) return innermostMessage(cause);
  return typeof message === 'string' && message !== '' ? message : 'no reason given';
}

/** No answer, or only a part of one. */
export class NetworkError extends Error {
  /** System or fetch error code, such as ECONNREFUSED. */
  readonly code: string;
  /** False when the request cannot have reached the node. */
  readonly sent: boolean;

  constructor(origin: string, cause: unknown, reason?: string) {
    const systemCode = systemCodeOf(cause);
    const code = systemCode ?? 'network_error';
    const unreachable = NEVER_SENT.has(code);
    const verb = unreachable ? 'cannot reach' : 'lost the connection to';
    super(`${verb} ${origin} (${reason ?? systemCode ?? innermostMessage(cause)})`, { cause });
    this.name = 'NetworkError';
    this.code = code;
    this.sent = !unreachable;
  }
}

/** There is no session, or the node has ended it: somebody has to sign in. */
export class SessionEndedError extends Error {
  readonly code = 'session_ended';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SessionEndedError';
  }
}

/** A success that is not what the contract says. */
export class UnexpectedAnswerError extends Error {
  readonly code = 'unexpected_answer';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnexpectedAnswerError';
  }
}

/** The file gave other bytes, or fewer, than were announced. */
export class SourceChangedError extends Error {
  readonly code = 'source_changed';
  constructor(message: string) {
    super(message);
    this.name = 'SourceChangedError';
  }
}

/** What arrived is not the photo that the node has on record. */
export class DownloadMismatchError extends Error {
  readonly code = 'download_mismatch';
  constructor(message: string) {
    super(message);
    this.name = 'DownloadMismatchError';
  }
}

/** Whether an error is an answer with one of these codes. */
export const hasCode = (error: unknown, ...codes: ErrorCode[]): error is ApiError =>
  error instanceof ApiError && codes.includes(error.code);
