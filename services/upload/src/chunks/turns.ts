import type { IncomingMessage } from 'node:http';
import { createKeyedLock } from '../keyed-lock.js';

/** How long the connection that sends a chunk may be silent while another one waits to send the same chunk. */
const SILENCE_MS = 2000;

/**
 * One request at a time for each chunk. A phone that changes its network sends the chunk again, and its old connection hangs
 * for minutes without anybody telling the server: a silent one is cut off as soon as another waits.
 */
export function createChunkTurns() {
  const lock = createKeyedLock();
  const senders = new Map<string, IncomingMessage>();

  const cutSilentSenders = (key: string): NodeJS.Timeout => {
    let watched: IncomingMessage | undefined;
    let bytes = 0;
    return setInterval(() => {
      const sender = senders.get(key);
      if (!sender || sender.complete) return;
      const silent = sender === watched && sender.socket.bytesRead === bytes;
      watched = sender;
      bytes = sender.socket.bytesRead;
      if (silent) sender.destroy();
    }, SILENCE_MS);
  };

  return async (key: string, req: IncomingMessage, receive: () => Promise<void>): Promise<void> => {
    const watch = senders.has(key) ? cutSilentSenders(key) : undefined;
    const takeTurn = async () => {
      clearInterval(watch);
      senders.set(key, req);
      try {
        await receive();
      } finally {
        senders.delete(key);
      }
    };
    return lock(key, takeTurn);
  };
}
export type ChunkTurns = ReturnType<typeof createChunkTurns>;
