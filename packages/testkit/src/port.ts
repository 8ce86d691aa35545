import { randomInt } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';

/** A loopback port that nobody listens on just now. Someone may take it: prefer listening on port 0 where you can. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/** Below these the systems' own servers live; from 32768 on, Linux gives ports to whoever connects somewhere. */
const LASTING = { from: 10_240, to: 32_768 };

/**
 * A loopback port for a server that is stopped and started again: nobody is given it meanwhile, as happens to those
 * of freePort, not even a client that keeps trying to reach the server.
 */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = await listenOnce(randomInt(LASTING.from, LASTING.to)).catch(() => undefined);
    if (port !== undefined) return port;
  }
}

function listenOnce(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
