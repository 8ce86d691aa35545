import { keepServer } from '../servers/kept-server.js';
import type { QueueLength } from '../servers/own-server.js';
import { sourceOf } from '../servers/sources.js';

export interface TestRabbitMq {
  /** `amqp://user:password@127.0.0.1:<port>` */
  readonly url: string;
  /** False: the server is shared, and shutDown, kill, restart and queues reject. */
  readonly canRestart: boolean;
  /** Ends the broker and removes its data; leaves a shared one alone. */
  stop(): Promise<void>;
  /** Ends the broker in the orderly way and keeps its data for restart(). */
  shutDown(): Promise<void>;
  /** SIGKILL; the data stays for restart(). */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; ends it first if it runs. Resolves when it answers. */
  restart(): Promise<void>;
  /** All queues, and how many messages each holds, unacknowledged ones too. */
  queues(): Promise<QueueLength[]>;
}

/** Starts a RabbitMQ of one's own (in some seconds), or hands out the shared one. */
export async function startRabbitMq(): Promise<TestRabbitMq> {
  const source = await sourceOf('rabbitmq');
  if (source.kind === 'none') throw new Error(`no RabbitMQ for tests: ${source.reason}`);
  if (source.kind === 'shared') return shared(source.url);
  const server = await keepServer({ server: 'rabbitmq', source });
  return {
    url: server.url,
    canRestart: true,
    stop: () => server.stop(),
    shutDown: async () => void (await server.ask('shutDown')),
    kill: async () => void (await server.ask('kill')),
    restart: async () => void (await server.ask('restart')),
    queues: async () => (await server.ask('queues')) as QueueLength[],
  };
}

function shared(url: string): TestRabbitMq {
  const refuse = async () => {
    throw new Error('this RabbitMQ is shared: it is not for us to stop, nor to look into');
  };
  return {
    url,
    canRestart: false,
    stop: async () => {},
    shutDown: refuse,
    kill: refuse,
    restart: refuse,
    queues: refuse,
  };
}
