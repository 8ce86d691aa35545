export type PostgresErrorCode = 'disk_full' | 'not_permitted' | 'unsupported_platform' | 'failed';

/** PostgreSQL could not be started. `message` is one line for a person; `detail` holds the last lines of its log. */
export class PostgresStartError extends Error {
  override readonly name = 'PostgresStartError';

  constructor(
    readonly code: PostgresErrorCode,
    message: string,
    readonly detail = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The server did not stop, neither in an orderly way nor at once. */
export class PostgresStopError extends Error {
  override readonly name = 'PostgresStopError';
  readonly code = 'failed';

  constructor(
    message: string,
    readonly detail = '',
  ) {
    super(message);
  }
}

/** Another node has the lock: it uses this data folder now. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';
  readonly code = 'data_folder_in_use';
}

/** Our code for an error of the operating system. */
const ERRNO_CODES: Record<string, PostgresErrorCode> = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  EACCES: 'not_permitted',
  EPERM: 'not_permitted',
  EROFS: 'not_permitted',
};

/**
 * PostgreSQL's programs report a failed system call only in words. They run with LC_ALL=C, where strerror's
 * wording is fixed, and the server's log lines carry an SQLSTATE (`log_line_prefix` with %e).
 */
const OUTPUT_CODES: [RegExp, PostgresErrorCode][] = [
  [/No space left on device|Disk quota exceeded| 53100 /, 'disk_full'],
  [/Permission denied|Operation not permitted|Read-only file system| 42501 /, 'not_permitted'],
];

const REASONS: Record<PostgresErrorCode, string> = {
  disk_full: 'the disk is full',
  not_permitted: 'the file permissions do not allow it',
  unsupported_platform: 'this platform is not supported',
  failed: 'see the detail',
};

/** The `code` of an error of Node or of the driver. Not by `instanceof`: under jest Node's errors are of another realm. */
export function errnoOf(error: unknown): string | undefined {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** Whether an error of Node means that the disk is full. */
export const isDiskFull = (error: unknown): boolean => ERRNO_CODES[errnoOf(error) ?? ''] === 'disk_full';

function messageOf(error: unknown): string {
  const { message } = Object(error) as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
}

/** Translates an error of Node's file or process functions. Returns one of ours unchanged. */
export function toStartError(doing: string, error: unknown): PostgresStartError | DataFolderInUseError {
  if (error instanceof PostgresStartError || error instanceof DataFolderInUseError) return error;
  const code = ERRNO_CODES[errnoOf(error) ?? ''] ?? 'failed';
  const detail = messageOf(error);
  return new PostgresStartError(
    code,
    `${doing} failed: ${code === 'failed' ? detail : REASONS[code]}`,
    detail,
    {
      cause: error,
    },
  );
}

/** Translates what a program of PostgreSQL printed before it failed. */
export function outputError(doing: string, output: string): PostgresStartError {
  const code = OUTPUT_CODES.find(([pattern]) => pattern.test(output))?.[1] ?? 'failed';
  return new PostgresStartError(code, `${doing} failed: ${REASONS[code]}`, output.trim());
}
