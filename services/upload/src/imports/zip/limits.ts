/** The limits of an archive. Ratios are unpacked bytes to packed bytes. */
export interface ArchiveLimits {
  /** Entries of the table of contents, folders included. */
  maxFiles: number;
  /** The largest announced size of a file. */
  maxFileBytes: number;
  /** A file that is larger than `freeBytes` may not be packed tighter than this. */
  maxRatio: number;
  freeBytes: number;
  /** All files together may not be larger than this many times the archive, if they are larger than `totalFreeBytes`. */
  maxTotalRatio: number;
  totalFreeBytes: number;
}

/**
 * Photos and videos are compressed already (about 1:1), JSON files reach 10:1 and an uncompressed TIFF of a black picture up to 1030:1,
 * which is all that deflate can do.
 */
export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = {
  maxFiles: 500_000,
  maxFileBytes: 256 * 1024 ** 3,
  maxRatio: 250,
  freeBytes: 16 * 1024 ** 2,
  maxTotalRatio: 50,
  totalFreeBytes: 1024 ** 3,
};

/** Deflate cannot pack tighter (zlib's technical notes: 1032 to 1). */
export const DEFLATE_MAX_RATIO = 1032;
