import { randomInt } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';

/** Below these the systems' own servers live; from 32768 on, Linux gives ports to outgoing connections. */
const FIRST = 10_240;
const PORTS = 32_768 - FIRST;
/** Ports between the places where two processes of neighbouring ids begin to look. */
const SHARE = 32;

/** Jest loads this module again for each test file, in the same process. */
let looked = randomInt(SHARE);

/**
 * Returns a loopback port on which no process listens, for a server that cannot listen on port 0: one that is started later, or again.
 * The system gives these ports to no other socket on its own. Two calls in one process return different ports. Nothing reserves a
 * port: two processes begin to look at different places, and can still return the same port when one of them looks at more than
 * a few, or when their ids differ by a multiple of 704.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + ((process.pid * SHARE + looked) % PORTS);
    looked += 1;
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      code === 'EADDRINUSE' ? resolve(false) : reject(new Error(`no port can be listened on: ${code}`)),
    );
    server.listen(port, '127.0.0.1', () => {
      const { port: taken } = server.address() as AddressInfo;
      server.close(() => resolve(taken === port));
    });
  });
}
