import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface HttpServer {
  port: number;
  /** From now on every answer ends its connection and says so; new connections are still taken. */
  drain(): void;
  /** Stops accepting, lets running requests end for up to `graceMs`, then cuts what is left. */
  close(graceMs?: number): Promise<void>;
}

/** Knows which connections have a request under way, and can end each when it has none. */
function trackConnections(server: Server) {
  const underWay = new Map<Socket, Set<ServerResponse>>();
  let draining = false;
  let closing = false;
  const closeIdle = (socket: Socket) => {
    if (closing && underWay.get(socket)?.size === 0) socket.destroySoon();
  };
  const announceClose = (res: ServerResponse) => {
    if (!res.headersSent) res.setHeader('Connection', 'close');
  };
  server.on('connection', (socket) => {
    underWay.set(socket, new Set());
    socket.once('close', () => underWay.delete(socket));
  });
  // Before the handler, which may answer at once.
  server.prependListener('request', ({ socket }, res) => {
    underWay.get(socket)?.add(res);
    if (draining) announceClose(res);
    res.once('close', () => {
      underWay.get(socket)?.delete(res);
      closeIdle(socket);
    });
  });
  return {
    drain: (): void => {
      draining = true;
      for (const answers of underWay.values()) for (const res of answers) announceClose(res);
    },
    close: (): void => {
      closing = true;
      for (const socket of [...underWay.keys()]) closeIdle(socket);
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
    drain: connections.drain,
    close: (graceMs = 10_000) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        connections.drain();
        // Node itself would wait for connections on which nothing was asked yet, or nothing more is.
        connections.close();
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
