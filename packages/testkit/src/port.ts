import { type AddressInfo, createServer } from 'node:net';

/** A loopback port that nobody listens on just now. Someone may take it: prefer listening on port 0 where you can. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
