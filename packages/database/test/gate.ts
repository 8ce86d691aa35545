import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '@lazyphotos/testkit';

export interface Gate {
  /** The database's URL, through the gate. */
  url: string;
  open(): Promise<void>;
  /** Cuts every connection and refuses new ones, like a server that restarts. */
  shut(): Promise<void>;
}

/** Makes a port in front of a database's server. It is closed at first. */
export async function createGate(databaseUrl: string): Promise<Gate> {
  const target = new URL(databaseUrl);
  const gated = new URL(databaseUrl);
  gated.hostname = '127.0.0.1';
  gated.port = String(await freePort());
  const sockets = new Set<Socket>();
  const join = (from: Socket, to: Socket) => {
    sockets.add(from);
    from
      .on('error', () => undefined)
      .on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    from.pipe(to);
  };
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    join(client, upstream);
    join(upstream, client);
  });
  return {
    url: gated.href,
    open: () => new Promise((resolve) => server.listen(Number(gated.port), gated.hostname, resolve)),
    shut: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
