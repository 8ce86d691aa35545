/** The archive as a whole cannot be read. `code` is stable, the message is for people. */
export class ArchiveError extends Error {
  readonly code: ArchiveErrorCode;

  constructor(code: ArchiveErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ArchiveError';
    this.code = code;
  }
}

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

/** One file of an archive cannot be unpacked; the others may be fine. */
export class EntryError extends Error {
  readonly code: EntryErrorCode;

  constructor(code: EntryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EntryError';
    this.code = code;
  }
}

export type EntryErrorCode = 'entry_damaged' | 'crc_mismatch' | 'size_mismatch' | 'compression_unsupported';
