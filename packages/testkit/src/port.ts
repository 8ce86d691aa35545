import { randomInt } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { isFirstInRun, TEST_RUN } from './servers/test-run.js';

/** Lower ports are those of system servers; from 32768 on, Linux gives ports to outgoing connections. */
const FIRST = 10_240;
const PORTS = 32_768 - FIRST;
/** Ports between the places where two processes of neighbouring ids begin to look. */
const SHARE = 32;

/** Jest loads this module again for each test file, in the same process. */
let looked = randomInt(SHARE);

/**
 * Returns a loopback port on which no process listens, for a server that cannot listen on port 0: one that is started later, or again.
 * The system gives these ports to no other socket on its own, and no other call in the same jest run returns the same one. Outside of
 * one nothing reserves a port; two processes begin to look at different places.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + ((process.pid * SHARE + looked) % PORTS);
    looked += 1;
    if ((await isFree(port)) && isReserved(port)) return port;
  }
}

const isReserved = (port: number): boolean =>
  process.env[TEST_RUN] === undefined || isFirstInRun(`port-${port}`);

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
