import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from './port.js';

/** Stands between a client and a server on the level of bytes, so that a test can take the server away or look at the traffic. */
export interface TcpProxy {
  host: string;
  port: number;
  /** `http://<host>:<port>` */
  endpoint: string;
  /** Connections that are open now, and the most there were. */
  open(): number;
  most(): number;
  /** Bytes that the server has sent through. */
  fromServer(): number;
  /**
   * From now on the request whose head contains all of these texts reaches the server, but its response is thrown away with the
   * connection; just once.
   */
  loseResponseTo(...texts: string[]): void;
  /** Responses lost so far. */
  lost(): number;
  /** Destroys every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Listens again, on the same port. */
  mend(): Promise<void>;
}

/** Starts a proxy on a port that stays its own while it is cut. `target` is a URL, of which host and port count. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port: targetPort } = new URL(target);
  const host = '127.0.0.1';
  const port = await freePort();
  const sockets = new Set<Socket>();
  const counts = { most: 0, fromServer: 0, lost: 0 };
  let wanted: string[] | undefined;

  const loseConnection = (client: Socket): void => {
    if (!client.destroyed) counts.lost++;
    client.destroy();
  };
  const server = createServer((client) => {
    const upstream = connect(Number(targetPort), hostname);
    let isLosing = false;
    sockets.add(client);
    counts.most = Math.max(counts.most, sockets.size);
    for (const socket of [client, upstream]) socket.on('error', () => {});
    client.on('data', (bytes) => {
      if (!wanted?.every((text) => bytes.includes(text))) return;
      isLosing = true;
      wanted = undefined;
    });
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      counts.fromServer += bytes.length;
      if (isLosing) loseConnection(client);
      else if (!client.write(bytes)) upstream.pause();
    });
    client.on('drain', () => upstream.resume());
    // Destroyed while it still sends, a client might lose a response that it has not read yet.
    upstream.on('close', () => client.end().resume());
    client.on('close', () => {
      sockets.delete(client);
      upstream.destroy();
    });
  });
  const listen = async () => {
    server.listen(port, host);
    await once(server, 'listening');
  };
  await listen();
  return {
    host,
    port,
    endpoint: `http://${host}:${port}`,
    open: () => sockets.size,
    most: () => counts.most,
    fromServer: () => counts.fromServer,
    loseResponseTo(...texts) {
      wanted = texts;
    },
    lost: () => counts.lost,
    cut: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    mend: async () => {
      if (!server.listening) await listen();
    },
  };
}
