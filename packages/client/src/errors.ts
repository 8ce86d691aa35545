import type { ProblemCode } from '@lazyphotos/contracts';

/** A code of the contract, of a newer node, or of a proxy. */
export type ErrorCode = ProblemCode | (string & {});

abstract class ClientError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

interface ApiErrorFields {
  status: number;
  code: ErrorCode;
  title?: string | undefined;
  detail?: string | undefined;
  requestId?: string | undefined;
  /** The node asks to wait for this many seconds. */
  retryAfter?: number | undefined;
  errors?: readonly { path: string; message: string }[] | undefined;
}

/** The node refused the request. `code` is `http_error` if the response is not a problem document. */
export class ApiError extends ClientError {
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
    const summary = fields.detail ?? fields.title ?? `the node responded with status ${fields.status}`;
    super(where === '' ? summary : `${summary} (${where})`);
    this.status = fields.status;
    this.code = fields.code;
    this.detail = fields.detail;
    this.requestId = fields.requestId;
    this.retryAfter = fields.retryAfter;
    this.errors = errors;
  }
}

/** Failures before this computer sends the first byte: the node cannot have processed the request. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

function systemCodeOf(error: unknown): string | undefined {
  const { code, cause, errors } = (error ?? {}) as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  // "Happy eyeballs" reports one error for each address.
  if (Array.isArray(errors) && errors.length > 0) return systemCodeOf(errors[0]);
  return cause === undefined ? undefined : systemCodeOf(cause);
}

/** Returns the innermost message: it says more than "fetch failed". */
function innermostMessage(error: unknown): string {
  const { cause, message } = (error ?? {}) as { cause?: unknown; message?: unknown };
  if (cause !== undefined) return innermostMessage(cause);
  return typeof message === 'string' && message !== '' ? message : 'no reason given';
}

/** There is no complete response. */
export class NetworkError extends ClientError {
  /** System or fetch error code, such as ECONNREFUSED. */
  readonly code: string;
  /** False if the request cannot have reached the node. */
  readonly sent: boolean;

  constructor(origin: string, cause: unknown, reason?: string) {
    const systemCode = systemCodeOf(cause);
    const code = systemCode ?? 'network_error';
    const unreachable = NEVER_SENT.has(code);
    const verb = unreachable ? 'cannot reach' : 'lost the connection to';
    super(`${verb} ${origin} (${reason ?? systemCode ?? innermostMessage(cause)})`, { cause });
    this.code = code;
    this.sent = !unreachable;
  }
}

/** There is no session, or the node has ended it: the account must sign in. */
export class SessionEndedError extends ClientError {
  readonly code = 'session_ended';
}

/** A successful response that does not match the contract. */
export class UnexpectedResponseError extends ClientError {
  readonly code = 'unexpected_answer';
}

/** The file has other bytes, or fewer, than announced. */
export class SourceChangedError extends ClientError {
  readonly code = 'source_changed';
}

/** The downloaded bytes are not the photo of the node. */
export class DownloadMismatchError extends ClientError {
  readonly code = 'download_mismatch';
}

/** Returns whether an error is a response of the node with one of these codes. */
export const hasCode = (error: unknown, ...codes: ErrorCode[]): error is ApiError =>
  error instanceof ApiError && codes.includes(error.code);
