import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface HttpServer {
  port: number;
  /** Stops accepting, lets running requests end for up to `graceMs`, then cuts what is left. */
  close(graceMs?: number): Promise<void>;
}

/** Knows which connections have a request under way, and once `draining` ends each when it has none. */
function trackConnections(server: Server) {
  const underWay = new Map<Socket, number>();
  let draining = false;
  const settle = (socket: Socket, change: number) => {
    if (!underWay.has(socket)) return;
    const count = (underWay.get(socket) ?? 0) + change;
    underWay.set(socket, count);
    if (draining && count === 0) socket.destroySoon();
  };
  server.on('connection', (socket) => {
    underWay.set(socket, 0);
    socket.once('close', () => underWay.delete(socket));
  });
  server.on('request', ({ socket }, res) => {
    settle(socket, 1);
    res.once('close', () => settle(socket, -1));
  });
  return {
    drain: (): void => {
      draining = true;
      for (const socket of [...underWay.keys()]) settle(socket, 0);
    },
  };
}

/** @throws the listen error (EADDRINUSE, EACCES, …) as Node gives it */
export async function listen(server: Server, port: number, host: string): Promise<HttpServer> {
  const connections = trackConnections(server);
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
        // Node itself would wait for connections on which nothing was asked yet, or nothing more is.
        connections.drain();
      }),
  };
}

/**
 * An HTTP server for slow and broken networks: no limit on how long a whole request may take (a chunk over a bad line takes
 * minutes), but a connection on which nothing moves for two minutes is cut.
 */
export function createHttpServer(handler: RequestListener): Server {
  const server = createServer(
    { requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 65_000 },
    handler,
  );
  server.timeout = 120_000;
  return server;
}
