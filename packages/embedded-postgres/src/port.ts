import { type AddressInfo, createServer } from 'node:net';
import { HOST } from './cluster.js';
import { errnoOf } from './errors.js';

/** Where everyone looks for a PostgreSQL, and where one of the system's may start later. */
const WELL_KNOWN = 5432;

/** A loopback port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const port = await listenOnce(0);
  return port === WELL_KNOWN ? freePort() : port;
}

export async function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    (error: unknown) => {
      if (errnoOf(error) === 'EADDRINUSE') return false;
      throw error;
    },
  );
}

function listenOnce(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(wanted, HOST, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
