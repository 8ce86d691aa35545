import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a store and its server, on the level of bytes. */
export interface TcpProxy {
  endpoint: string;
  /** Connections that are open now, and the most there were. */
  open(): number;
  most(): number;
  /** Bytes that the server has sent through. */
  fromServer(): number;
  /**
   * From now on the request whose head contains all of these texts reaches the server, but its answer is thrown away with the
   * connection; just once.
   */
  loseAnswerTo(...texts: string[]): void;
  /** Answers lost so far. */
  lost(): number;
  close(): Promise<void>;
}

export async function startProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let most = 0;
  let fromServer = 0;
  let lost = 0;
  let wanted: string[] | undefined;
  const lose = (client: Socket): void => {
    if (!client.destroyed) lost++;
    client.destroy();
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let losing = false;
    sockets.add(client);
    most = Math.max(most, sockets.size);
    for (const socket of [client, upstream]) socket.on('error', () => {});
    client.on('data', (bytes) => {
      if (wanted?.every((text) => bytes.includes(text))) {
        losing = true;
        wanted = undefined;
      }
    });
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      fromServer += bytes.length;
      if (losing) lose(client);
      else if (!client.write(bytes)) upstream.pause();
    });
    client.on('drain', () => upstream.resume());
    // Destroyed while it still sends, a client might lose an answer that it has not read yet.
    upstream.on('close', () => client.end().resume());
    client.on('close', () => {
      sockets.delete(client);
      upstream.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => sockets.size,
    most: () => most,
    fromServer: () => fromServer,
    loseAnswerTo(...texts) {
      wanted = texts;
    },
    lost: () => lost,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
