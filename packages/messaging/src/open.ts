import type { Topology } from '@lazyphotos/contracts';
import { parseBusUrl } from './bus-url.js';
import { createPgBossBus } from './pg-boss/adapter.js';
import type { BusObserver, EventBus, RetryPolicy } from './port.js';
import { createRabbitMqBus } from './rabbitmq/adapter.js';

export interface BusOptions {
  /** RabbitMQ (`amqp://`, `amqps://`), or a PostgreSQL database of its own (`postgresql://`, `postgres://`). */
  url: string;
  topology: Topology;
  /** What the broker shows as the name of the connection. */
  name?: string;
  retry?: RetryPolicy;
  observer?: BusObserver;
  /** How long `close` waits for the handlers under way. */
  drainMs?: number;
}

/** Connects to the bus that the URL names, and declares the topology. Rejects when the broker cannot be reached. */
export async function openBus(options: BusOptions): Promise<EventBus> {
  const { protocol } = parseBusUrl(options.url);
  switch (protocol) {
    case 'amqp:':
    case 'amqps:':
      return createRabbitMqBus(options);
    case 'postgres:':
    case 'postgresql:':
      return createPgBossBus(options);
    default:
      throw new Error(`the URL of the bus begins with ${protocol}//, not with amqp:// or postgresql://`);
  }
}
