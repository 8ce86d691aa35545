/** The copy that was asked for cannot be made of this file, now or later. */
export class CopyUnsupportedError extends Error {
  override readonly name = 'CopyUnsupportedError';

  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
  }
}
