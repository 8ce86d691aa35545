import type { IncomingMessage, ServerResponse } from 'node:http';

/** What goes wrong. */
export type FaultEffect =
  /**
   * The connection breaks: at once, or after so many bytes of the body of the request or (for media) of the answer, and then not
   * before `when` resolves.
   */
  | { cutAfterBytes: number; when?: Promise<unknown> }
  /** A problem instead of the answer. */
  | { status: number; code?: string; retryAfter?: number }
  /** A chunk is acknowledged but not kept. */
  | { loseChunk: true }
  /** It is answered when this resolves. */
  | { until: Promise<unknown> };

export interface Fault {
  /** `PUT /upload-sessions`: a method and the beginning of a path. */
  on: string;
  effect: FaultEffect;
  /** How often, default once. */
  times?: number;
  /** How many requests are let through before. */
  after?: number;
}

export function createFaults() {
  const pending: { fault: Fault; left: number; skip: number }[] = [];
  return {
    add: (fault: Fault) => void pending.push({ fault, left: fault.times ?? 1, skip: fault.after ?? 0 }),
    clear: () => void pending.splice(0),
    /** The fault that hits this request, used up once. */
    take(method: string, path: string): FaultEffect | undefined {
      for (const entry of pending) {
        if (entry.left === 0 || !`${method} ${path}`.startsWith(entry.fault.on)) continue;
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        entry.left -= 1;
        return entry.fault.effect;
      }
      return undefined;
    },
  };
}

/** Breaks the connection once `bytes` of the request have arrived. */
export async function cutRequest(req: IncomingMessage, res: ServerResponse, bytes: number): Promise<void> {
  let seen = 0;
  if (bytes > 0) {
    for await (const piece of req) {
      seen += (piece as Buffer).length;
      if (seen >= bytes) break;
    }
  }
  res.socket?.destroy();
}
