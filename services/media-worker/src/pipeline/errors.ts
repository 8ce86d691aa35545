import type { PhotoMetadata } from './types.js';

/**
 * - `undecodable`: damaged, truncated, or no picture at all
 * - `too_large`: more pixels or bytes than this node decodes
 * - `unsupported`: a format, or a variety of one, that this node cannot read
 * - `timed_out`: took longer than the limit
 */
export type MediaErrorCode = 'undecodable' | 'too_large' | 'unsupported' | 'timed_out';

/** The facts about a photo whose pixels cannot be shown, as far as they could be read. */
export interface Salvage {
  metadata?: PhotoMetadata;
  width?: number;
  height?: number;
  /** The EXIF orientation that `width` and `height` have applied. */
  orientation?: number | undefined;
}

/** A fault of the file: a retry has the same result. The message may be shown to the photo's owner. */
export class MediaError extends Error {
  override readonly name = 'MediaError';
  readonly code: MediaErrorCode;
  readonly metadata: PhotoMetadata;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly orientation: number | undefined;

  constructor(code: MediaErrorCode, reason: string, salvage: Salvage & { cause?: unknown } = {}) {
    super(reason, { cause: salvage.cause });
    this.code = code;
    this.metadata = salvage.metadata ?? {};
    this.width = salvage.width;
    this.height = salvage.height;
    this.orientation = salvage.orientation;
  }

  /** The same error carrying the photo's metadata. */
  withMetadata(metadata: PhotoMetadata): MediaError {
    const { code, message, width, height, orientation, cause } = this;
    const salvage = {
      metadata,
      cause,
      orientation,
      ...(width && height ? { width, height } : {}),
    };
    return new MediaError(code, message, salvage);
  }
}

/** A fault of the machine that says nothing about the photo, such as a full disk or a helper that cannot be started. */
export class ProcessorUnavailableError extends Error {
  override readonly name = 'ProcessorUnavailableError';
}

/** Something failed while it worked on the photo, which may be the cause or not: the attempt counts, and the photo is given up after some. */
export class ProcessorFaultError extends Error {
  override readonly name: string = 'ProcessorFaultError';
}

/** A decoder got no more memory. */
export class OutOfMemoryError extends ProcessorFaultError {
  override readonly name = 'OutOfMemoryError';
}

/** A process ended while it worked on the photo, for a reason other than its own limits. */
export class ProcessDiedError extends ProcessorFaultError {
  override readonly name = 'ProcessDiedError';
}

const MACHINE_FAULTS = new Set([
  'EACCES',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOENT',
  'ENOMEM',
  'ENOSPC',
  'EROFS',
]);

/** Whether an error is of the operating system, which makes it a fault of the machine. A missing or unreadable file of a photo is one, too. */
export const isMachineFault = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  (MACHINE_FAULTS.has(error.code) || 'syscall' in error);
