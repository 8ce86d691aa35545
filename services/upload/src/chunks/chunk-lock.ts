import type { IncomingMessage } from 'node:http';
import { KeyedLock } from '@lazyphotos/system';

/** How long the connection that sends a chunk may be silent while another one waits to send the same chunk. */
const SILENCE_MS = 2000;

/**
 * Receives each chunk by one request at a time. A phone that changes its network sends the chunk again, and its old connection can hang
 * for minutes: it is cut when it is silent while another request waits.
 */
export class ChunkLock {
  private readonly lock = new KeyedLock();
  private readonly senders = new Map<string, IncomingMessage>();

  /** `key` names a chunk, `req` sends it. */
  async acquire(key: string, req: IncomingMessage, receive: () => Promise<void>): Promise<void> {
    const watch = this.senders.has(key) ? this.cutSilentSender(key) : undefined;
    await this.lock.run(key, async () => {
      clearInterval(watch);
      this.senders.set(key, req);
      try {
        await receive();
      } finally {
        this.senders.delete(key);
      }
    });
  }

  private cutSilentSender(key: string): NodeJS.Timeout {
    let watched: IncomingMessage | undefined;
    let bytes = 0;
    return setInterval(() => {
      const sender = this.senders.get(key);
      if (!sender || sender.complete) return;
      const isSilent = sender === watched && sender.socket.bytesRead === bytes;
      watched = sender;
      bytes = sender.socket.bytesRead;
      if (isSilent) sender.destroy();
    }, SILENCE_MS);
  }
}
