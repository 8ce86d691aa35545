import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface HttpServer {
  port: number;
  /** From now on every response closes its connection and says so; new connections are still accepted. */
  drain(): void;
  /** Stops accepting, waits up to `graceMs` for running requests, then closes the connections that are left. */
  close(graceMs?: number): Promise<void>;
}

/** Tracks which connections have a request in flight, and closes each when it has none. */
function trackConnections(server: Server) {
  const inFlight = new Map<Socket, Set<ServerResponse>>();
  let draining = false;
  let closing = false;
  const closeIdle = (socket: Socket) => {
    if (closing && inFlight.get(socket)?.size === 0) socket.destroySoon();
  };
  const announceClose = (res: ServerResponse) => {
    if (!res.headersSent) res.setHeader('Connection', 'close');
  };
  server.on('connection', (socket) => {
    inFlight.set(socket, new Set());
    socket.once('close', () => inFlight.delete(socket));
  });
  // Before the handler, which may respond at once.
  server.prependListener('request', ({ socket }, res) => {
    inFlight.get(socket)?.add(res);
    if (draining) announceClose(res);
    res.once('close', () => {
      inFlight.get(socket)?.delete(res);
      closeIdle(socket);
    });
  });
  return {
    drain: (): void => {
      draining = true;
      for (const responses of inFlight.values()) for (const res of responses) announceClose(res);
    },
    close: (): void => {
      closing = true;
      for (const socket of [...inFlight.keys()]) closeIdle(socket);
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
        // Node itself would wait for connections that have no request yet, or no further one.
        connections.close();
      }),
  };
}

/**
 * An HTTP server for slow and unreliable networks: a whole request may take any time (a chunk over a slow line takes minutes), but
 * a connection that transfers nothing for two minutes is closed.
 */
export function createHttpServer(handler: RequestListener): Server {
  const server = createServer(
    { requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 65_000 },
    handler,
  );
  server.timeout = 120_000;
  return server;
}
