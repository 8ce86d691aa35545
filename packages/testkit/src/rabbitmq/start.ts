import { keepServer } from '../servers/kept-server.js';
import type { QueueLength } from '../servers/own-server.js';
import { sourceOf } from '../servers/sources.js';
import { ownServer, refuseShared, sharedServer, type TestServer } from '../servers/test-server.js';

export interface TestRabbitMq extends TestServer {
  /** `amqp://user:password@127.0.0.1:<port>` */
  readonly url: string;
  /** All queues, and how many messages each holds, unacknowledged ones too. Rejects for a shared server. */
  queues(): Promise<QueueLength[]>;
}

/** Starts a RabbitMQ of one's own (in some seconds), or hands out the shared one. */
export async function startRabbitMq(): Promise<TestRabbitMq> {
  const source = await sourceOf('rabbitmq');
  if (source.kind === 'none') throw new Error(`no RabbitMQ for tests: ${source.reason}`);
  if (source.kind === 'shared') {
    const queues = () => refuseShared('RabbitMQ');
    return { ...sharedServer('RabbitMQ'), url: source.url, queues };
  }
  const server = await keepServer({ server: 'rabbitmq', source });
  const queues = async () => (await server.ask('queues')) as QueueLength[];
  return { ...ownServer(server), url: server.url, queues };
}
