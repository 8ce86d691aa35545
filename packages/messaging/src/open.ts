import type { Topology } from '@lazyphotos/contracts';
import { createPgBossBus } from './pg-boss/adapter.js';
import type { BusOptions, EventBus } from './port.js';
import { createRabbitMqBus } from './rabbitmq/adapter.js';
import { parseBusUrl } from './text.js';

/** Connects to the bus that the URL names, and declares the topology. Rejects when the broker cannot be reached. */
export async function openBus<T extends Topology>(options: BusOptions<T>): Promise<EventBus<T>> {
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
