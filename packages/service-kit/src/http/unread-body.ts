import type { Request, Response } from 'express';

/** More than the largest chunk; what is larger is not worth reading only to throw it away. */
const MAX_DISCARDED = 100 * 1000 ** 2;

/**
 * Deals with a request body that a refused request has left unread. It is read and thrown away, so that the client hears the
 * answer: closing the connection under it resets it, and a phone whose token has expired would see a broken line instead of the
 * 401, and send the same chunk for ever. Only what is too large for that closes the connection.
 */
export function discardBody(req: Request, res: Response): void {
  if (req.complete) return;
  if (Number(req.headers['content-length'] ?? 0) > MAX_DISCARDED) {
    res.setHeader('Connection', 'close');
    return;
  }
  let discarded = 0;
  req.unpipe();
  req.on('error', () => undefined);
  req.on('data', (bytes: Buffer) => {
    discarded += bytes.length;
    if (discarded > MAX_DISCARDED) req.destroy();
  });
  req.resume();
}
