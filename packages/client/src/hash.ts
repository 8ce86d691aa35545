import { createHash } from 'node:crypto';
import { createReadStream, type PathLike } from 'node:fs';

/**
 * The SHA-256 of a file in lower-case hex, read as a stream. Rejects with the signal's reason when aborted. `onRead` is told how many
 * bytes have been read so far.
 */
export async function sha256File(
  path: PathLike,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  // Large reads: hashing is bound by the disk, and each read costs a trip through the thread pool.
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    signal?.throwIfAborted();
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
    onRead?.(bytes);
  }
  return hash.digest('hex');
}
