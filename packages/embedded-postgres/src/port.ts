import { type AddressInfo, createServer } from 'node:net';
import { HOST } from './cluster.js';

/** Where everyone looks for a PostgreSQL, and where one of the system's may start later. */
const WELL_KNOWN = 5432;

/** A loopback port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const port = await new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, HOST, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
  return port === WELL_KNOWN ? freePort() : port;
}
