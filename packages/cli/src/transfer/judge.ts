import {
  ApiError,
  hasCode,
  isTransient,
  NetworkError,
  SessionEndedError,
  UnexpectedAnswerError,
} from '@lazyphotos/client';
import type { Verdict } from './queue.js';

/** Trouble of this machine that may pass. */
const PASSING = new Set(['EIO', 'EMFILE', 'ENFILE', 'EBUSY', 'EAGAIN']);
/** Trouble of the target disk that no file escapes. */
const FATAL = new Set(['ENOSPC', 'EROFS', 'EDQUOT']);

/** What a failed transfer means for the file and for the others. */
export function judgeTransfer(error: unknown): Verdict {
  if (error instanceof SessionEndedError || error instanceof UnexpectedAnswerError) return 'stop';
  if (hasCode(error, 'storage_full', 'server_unclaimed', 'unauthenticated', 'redirected')) return 'stop';
  if (error instanceof NetworkError) return 'outage';
  if (isTransient(error)) return 'retry';
  if (error instanceof ApiError)
    return error.status >= 500 || error.status === 409 || error.code === 'not_ready' ? 'retry' : 'fail';
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'string' && FATAL.has(code)) return 'stop';
  return typeof code === 'string' && PASSING.has(code) ? 'retry' : 'fail';
}

/** Before the second, third and fourth attempt at the files that failed for now. */
export const RETRY_PAUSES_MS = [1000, 5000, 15_000];
