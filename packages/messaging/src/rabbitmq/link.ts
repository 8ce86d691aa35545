import { type ChannelModel, connect } from 'amqplib';
import pTimeout from 'p-timeout';
import { BusUnavailableError, TopologyRefusedError } from '../port.js';
import { messageOf, parseBusUrl } from '../text.js';

/** The broker is taken for dead after two of them, and takes us for dead likewise. */
const HEARTBEAT_SECONDS = 10;
const CONNECT_MS = 10_000;
const CLOSE_MS = 3000;
/** For ever, 0.5 s to 15 s apart. The first connection has three tries: a busy broker may fail to make a queue at once. */
const RECONNECT = {
  initialDelay: 500,
  maxDelay: 15_000,
  factor: 2,
  jitter: 0.3,
  maxRetries: Infinity,
  initialMaxRetries: 2,
};

export interface LinkOptions<T> {
  url: string;
  /** Shown by the broker. */
  name: string;
  /**
   * Makes channels, queues and consumers on every new connection. `fail` gives the connection up: what breaks on it, a channel
   * for example, is built anew with all the rest, which is the same way that an outage takes.
   */
  open(model: ChannelModel, fail: (error: unknown) => void): Promise<T>;
  onFault(error: unknown): void;
}

/** A connection that comes back for ever, and what was made on it. */
export interface Link<T> {
  /** What `open` made on the connection. @throws BusUnavailableError while there is none. */
  get(): T;
  /** Gives the connection up and builds it anew. */
  reset(error: unknown): void;
  close(): Promise<void>;
}

interface Live<T> {
  made: T;
  model: ChannelModel;
  fail(error: unknown): void;
}

/** Connects, or rejects when that does not succeed soon; from then on the connection comes back by itself. */
export async function openLink<T>({ url, name, open, onFault }: LinkOptions<T>): Promise<Link<T>> {
  let live: Live<T> | undefined;
  let why: unknown = 'not connected yet';

  const setup = async (model: ChannelModel): Promise<void> => {
    const state: { lost?: unknown } = {};
    const lose = (error: unknown) => {
      state.lost ??= error;
      why = state.lost;
      if (live?.model === model) live = undefined;
    };
    // Unheard, an error would end the process; 'close' follows it.
    model.on('error', lose);
    model.on('close', (error) => lose(error ?? new Error('the connection was closed')));
    const fail = (error: unknown) => {
      if (state.lost !== undefined) return;
      lose(error);
      model.close().catch(() => undefined);
    };
    try {
      const made = await open(model, fail);
      // Whoever closes the connection while it is made is heard by nobody else.
      if (state.lost !== undefined) throw state.lost;
      live = { made, model, fail };
    } catch (error) {
      const cause = state.lost ?? error;
      await ended(model);
      throw cause;
    }
  };

  const connection = await connect(withHeartbeat(url), {
    clientProperties: { connection_name: name },
    timeout: CONNECT_MS,
    noDelay: true,
    keepAlive: true,
    recovery: { ...RECONNECT, waitForConnect: false, setup },
  });
  connection.on('error', () => undefined);
  try {
    await connection.waitForConnect();
  } catch (error) {
    throw error instanceof TopologyRefusedError ? error : unavailable(error);
  }
  connection.on('disconnect', () => onFault(why));
  connection.on('connect-failed', (error) => {
    why = error;
    onFault(error);
  });

  return {
    get: () => {
      if (!live) throw unavailable(why);
      return live.made;
    },
    reset: (error) => live?.fail(error),
    close: async () => {
      const { model } = live ?? {};
      live = undefined;
      // amqplib waits for ever when the connection breaks after we said goodbye.
      const broken = new Promise((resolve) => model?.once('close', resolve));
      await pTimeout(Promise.race([connection.close(), broken]), {
        milliseconds: CLOSE_MS,
        message: false,
      }).catch(() => undefined);
      why = 'the bus is closed';
    },
  };
}

const unavailable = (why: unknown) =>
  new BusUnavailableError(`RabbitMQ cannot be reached: ${messageOf(why)}`, { cause: why });

/**
 * Resolves when a connection is closed. amqplib closes one that could not be set up, too, but waits for ever for an answer when
 * the connection breaks meanwhile, and then never reconnects. A closed one it leaves alone.
 */
function ended(model: ChannelModel): Promise<void> {
  return new Promise((resolve) => {
    model.once('close', () => resolve());
    model.close().catch(() => resolve());
  });
}

function withHeartbeat(url: string): string {
  const target = parseBusUrl(url);
  if (!target.searchParams.has('heartbeat')) {
    target.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  }
  return target.href;
}
