import type { ServerResponse } from 'node:http';

/** How long a client of an archive may take no byte. */
export const ARCHIVE_STALL_MS = 60_000;

/**
 * Cuts the connection of a client that has taken no byte of the response for `stallMs`. The socket's timer starts anew whenever
 * the kernel has taken bytes (`net.Socket` compares `writeQueueSize`), so a slow client is not cut. If nothing waits to be
 * written, the delay is on this side, and the connection stays.
 */
export function cutStalledReader(res: ServerResponse, stallMs: number): void {
  res.setTimeout(stallMs, () => {
    if ((res.socket?.writableLength ?? 0) > 0) res.destroy();
  });
}
