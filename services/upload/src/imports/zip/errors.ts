abstract class CodedError<Code extends string> extends Error {
  constructor(
    readonly code: Code,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The archive as a whole cannot be read. `code` is stable, the message is for people. */
export class ArchiveError extends CodedError<ArchiveErrorCode> {}

export type ArchiveErrorCode =
  | 'not_an_archive'
  | 'archive_truncated'
  | 'archive_damaged'
  | 'archive_encrypted'
  | 'archive_changed'
  | 'archive_missing'
  | 'archive_bomb'
  | 'multi_disk'
  | 'overlapping_entries'
  | 'too_many_files';

/** One file of an archive cannot be unpacked; others may be readable. */
export class EntryError extends CodedError<EntryErrorCode> {}

export type EntryErrorCode = 'entry_damaged' | 'crc_mismatch' | 'size_mismatch' | 'compression_unsupported';
