import { type ChannelModel, connect } from 'amqplib';
import pTimeout from 'p-timeout';
import { BusUnavailableError, TopologyRefusedError } from '../port.js';
import { messageOf, parseBusUrl } from '../text.js';

/** After two missing heartbeats each side regards the connection as dead. */
const HEARTBEAT_SECONDS = 10;
const CONNECT_MS = 10_000;
const CLOSE_MS = 3000;
/** Without end, 0.5 s to 15 s apart. The first connection has three attempts: a busy broker may fail to make a queue at once. */
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
   * Makes channels, queues and consumers on every new connection. `fail` closes the connection: when a channel breaks, for example,
   * everything is made again on a new connection, as after an outage.
   */
  open(model: ChannelModel, fail: (error: unknown) => void): Promise<T>;
  onFault(error: unknown): void;
}

/** A connection that is made again whenever it breaks, and what was made on it. */
export interface Link<T> {
  /** What `open` made on the connection. @throws BusUnavailableError while there is none. */
  get(): T;
  /** Closes the connection and makes a new one. */
  reset(error: unknown): void;
  close(): Promise<void>;
}

interface Live<T> {
  made: T;
  model: ChannelModel;
  fail(error: unknown): void;
}

/** Connects, or rejects when that does not succeed soon. Afterwards it reconnects whenever the connection breaks. */
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
    // Without a listener an error would end the process; 'close' follows it.
    model.on('error', lose);
    model.on('close', (error) => lose(error ?? new Error('the connection was closed')));
    const fail = (error: unknown) => {
      if (state.lost !== undefined) return;
      lose(error);
      model.close().catch(() => undefined);
    };
    try {
      const made = await open(model, fail);
      // A connection that closes during its setup is noticed only here.
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
      // amqplib waits without end when the connection breaks while it is being closed.
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
 * Resolves when a connection is closed. amqplib also closes a connection whose setup failed, but waits without end for the response when
 * the connection breaks meanwhile, and then never reconnects. It leaves a closed one alone.
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
