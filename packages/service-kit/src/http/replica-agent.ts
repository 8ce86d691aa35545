import { lookup as dnsLookup } from 'node:dns';
import { Agent, type ClientRequestArgs } from 'node:http';
import { type LookupFunction, type NetConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';

const CONNECT_MS = 5000;
/** If no connection is made after this time, the next address is tried as well. */
const NEXT_ADDRESS_MS = 1000;
/**
 * How long a connection may wait for its next request. Less than the 65 s after which our servers close it: a request on a
 * connection that is being closed is lost, and one with a body cannot be sent again.
 */
const IDLE_MS = 30_000;
/** An older connection takes no more requests, so that new replicas get their share. */
const MAX_AGE_MS = 30_000;

/** Codes of a connection that could not be made, or broke before the response. */
const FAULTS = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** Whether a request failed because of its connection, so that another one may help. */
export const isConnectionFault = (error: unknown): boolean =>
  FAULTS.has(String((error as { code?: unknown } | null)?.code));

export interface ReplicaAgentOptions {
  maxSockets?: number;
  maxAgeMs?: number;
  /** False makes a new connection for each request: a kept one may lead to a replica that no longer exists. */
  keepAlive?: boolean;
  lookup?: LookupFunction;
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** Resolvers sort addresses by distance, which would lead every connection to the same replica. */
const spread =
  (lookup: LookupFunction): LookupFunction =>
  (hostname, options, done) =>
    lookup(hostname, options, (error, found, family) =>
      done(error, Array.isArray(found) ? shuffled(found) : found, family),
    );

function limitConnecting(socket: Socket): void {
  const giveUp = () =>
    socket.destroy(Object.assign(new Error('connecting took too long'), { code: 'ETIMEDOUT' }));
  const timer = setTimeout(giveUp, CONNECT_MS);
  for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer));
}

type WriteDone = (error?: Error | null) => void;

/**
 * A connection that can still be read after a write to it has failed. A service that refuses a body responds and closes before it
 * has read the whole body. The next write then fails, and `net.Socket` would drop the response that has arrived. A service that
 * closes without a response is noticed anyway, because reading ends. `_write` and `_writev` are the methods that
 * `stream.Writable` documents for subclasses.
 */
class ReplicaSocket extends Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, done: WriteDone): void {
    super._write(chunk, encoding, () => done());
  }
  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: WriteDone): void {
    super._writev?.(chunks, () => done());
  }
}

/**
 * Connections to a service whose name may have the addresses of several replicas. A new connection goes to a random one, or to the
 * next if that one is gone. No connection is kept for long.
 */
export class ReplicaAgent extends Agent {
  readonly #madeAt = new WeakMap<object, number>();
  readonly #maxAgeMs: number;

  constructor({ maxAgeMs = MAX_AGE_MS, lookup = dnsLookup, ...options }: ReplicaAgentOptions = {}) {
    const connecting = {
      lookup: spread(lookup),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
    };
    super({ keepAlive: true, timeout: IDLE_MS, ...connecting, ...options });
    this.#maxAgeMs = maxAgeMs;
  }

  /** Whether a connection should take no further request. */
  isOld(socket: object): boolean {
    return Date.now() - (this.#madeAt.get(socket) ?? 0) >= this.#maxAgeMs;
  }

  override createConnection(options: ClientRequestArgs): Socket {
    const socket = new ReplicaSocket(options as SocketConstructorOpts);
    if (options.timeout) socket.setTimeout(options.timeout);
    socket.connect(options as NetConnectOpts);
    this.#madeAt.set(socket, Date.now());
    limitConnecting(socket);
    return socket;
  }

  /** Node keeps the connection if this is true; its types do not say so. */
  override keepSocketAlive(socket: Duplex): boolean {
    const kept: unknown = super.keepSocketAlive(socket);
    return kept === true && !this.isOld(socket);
  }
}
