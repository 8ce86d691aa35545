import { createReadStream, type PathLike } from 'node:fs';

/** Gives any part of a file, as often as asked. `end` is exclusive. */
export interface RangeSource {
  open(start: number, end: number): AsyncIterable<Uint8Array>;
}

/** A path may be bytes: file names that are not UTF-8 have no text. */
export type UploadSource = { path: PathLike } | RangeSource;

/** Chunks are sent as they are read; this much of each is in memory. */
const READ_BYTES = 256 * 1024;

export function rangeSource(source: UploadSource): RangeSource {
  if ('open' in source) return source;
  const { path } = source;
  return { open: (start, end) => createReadStream(path, { start, end: end - 1, highWaterMark: READ_BYTES }) };
}
