import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from './port.js';

/** Starts a proxy on a port that stays its own while it is cut. `target` is a URL, of which host and port are used. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const proxy = new TcpProxy(target, await freePort());
  await proxy.mend();
  return proxy;
}

/** Stands between a client and a server on the level of bytes, so that a test can take the server away or look at the traffic. */
export class TcpProxy {
  readonly host = '127.0.0.1';
  /** `http://<host>:<port>` */
  readonly endpoint: string;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => this.#relay(client));
  #most = 0;
  #accepted = 0;
  #fromServer = 0;
  #lost = 0;
  #wanted: string[] | undefined;

  constructor(
    target: string,
    readonly port: number,
  ) {
    this.#target = new URL(target);
    this.endpoint = `http://${this.host}:${port}`;
  }

  /** Returns the number of connections that are open now. */
  open(): number {
    return this.#sockets.size;
  }

  /** Returns the largest number of connections that were open at a time. */
  most(): number {
    return this.#most;
  }

  /** Returns the number of connections that there have been. */
  accepted(): number {
    return this.#accepted;
  }

  /** Returns the number of bytes that the server has sent through. */
  fromServer(): number {
    return this.#fromServer;
  }

  /**
   * From now on the request whose head contains all of these texts reaches the server, but its response is thrown away with the
   * connection; just once.
   */
  loseResponseTo(...texts: string[]): void {
    this.#wanted = texts;
  }

  /** Returns the number of responses that were lost. */
  lost(): number {
    return this.#lost;
  }

  /** Destroys every connection and refuses new ones. */
  async cut(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Listens again, on the same port. */
  async mend(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.listen(this.port, this.host);
    await once(this.#server, 'listening');
  }

  #relay(client: Socket): void {
    const upstream = connect(Number(this.#target.port), this.#target.hostname);
    let isLosing = false;
    this.#sockets.add(client);
    this.#accepted += 1;
    this.#most = Math.max(this.#most, this.#sockets.size);
    for (const socket of [client, upstream]) socket.on('error', () => {});
    client.on('data', (bytes) => {
      if (!this.#wanted?.every((text) => bytes.includes(text))) return;
      isLosing = true;
      this.#wanted = undefined;
    });
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      this.#fromServer += bytes.length;
      if (isLosing) this.#loseConnection(client);
      else if (!client.write(bytes)) upstream.pause();
    });
    client.on('drain', () => upstream.resume());
    upstream.on('close', () => {
      // A server that closes while the request still comes in resets the connection, and its response is lost on the way here.
      if (isLosing) this.#loseConnection(client);
      // Destroyed while it still sends, a client might lose a response that it has not read yet.
      else client.end().resume();
    });
    client.on('close', () => {
      this.#sockets.delete(client);
      upstream.destroy();
    });
  }

  #loseConnection(client: Socket): void {
    if (!client.destroyed) this.#lost++;
    client.destroy();
  }
}
