import { ApiError, SourceChangedError } from '@lazyphotos/client';

export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** The command line is wrong or incomplete. */
export class UsageError extends Error {
  readonly code = 'usage';
}

/** An error that the user can solve. The message is complete. */
export class CliError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The reason of an aborted signal. */
export class InterruptedError extends Error {
  readonly code = 'interrupted';
  readonly exitCode: number;
  constructor(exitCode: number = exitCodes.interrupted) {
    super('interrupted');
    this.exitCode = exitCode;
  }
}

export interface ErrorReport {
  code: string;
  message: string;
}

const SYSTEM_MESSAGES: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'not a folder',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'too many links',
  ENOSPC: 'no space left on the disk',
  EROFS: 'the disk is read-only',
  EIO: 'the disk reported an error',
  EMFILE: 'too many open files',
};

/** Returns an error in one line, without a stack. */
export function reportOf(error: unknown): ErrorReport {
  const { code, message, path } = (error ?? {}) as { code?: unknown; message?: unknown; path?: unknown };
  if (error instanceof ApiError) {
    const reference =
      error.status >= 500 && error.requestId !== undefined ? ` [request ${error.requestId}]` : '';
    return { code: error.code, message: `${error.message}${reference}` };
  }
  if (error instanceof SourceChangedError)
    return { code: error.code, message: 'the file changed while it was being read' };
  const known = typeof code === 'string' ? SYSTEM_MESSAGES[code] : undefined;
  if (known !== undefined)
    return { code: String(code), message: typeof path === 'string' ? `${known}: ${path}` : known };
  return {
    code: typeof code === 'string' ? code : 'error',
    message: typeof message === 'string' ? message : String(error),
  };
}
