import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpServer {
  port: number;
  /** Stops accepting, lets running requests end for up to `graceMs`, then cuts what is left. */
  close(graceMs?: number): Promise<void>;
}

/** @throws the listen error (EADDRINUSE, EACCES, …) as Node gives it */
export async function listen(server: Server, port: number, host: string): Promise<HttpServer> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: (graceMs = 10_000) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/**
 * An HTTP server for slow and broken networks: no limit on how long a whole request may take (a chunk over a bad line takes
 * minutes), but a connection on which nothing moves for two minutes is cut.
 */
export function createHttpServer(handler: RequestListener): Server {
  const server = createServer({ requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 65_000 }, handler);
  server.timeout = 120_000;
  return server;
}
