import type { Topology } from '@lazyphotos/contracts';
import { startRabbitMq, startTcpProxy, type TcpProxy, type TestRabbitMq } from '@lazyphotos/testkit';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { type BusOptions, createRabbitMqBus, DEFAULT_RETRY_POLICY, type EventBus } from '../../src/index.js';
import {
  DUE_EXCHANGE,
  deadLetterQueue,
  delaysOf,
  EVENTS_EXCHANGE,
  RETURNS_EXCHANGE,
  retryQueue,
} from '../../src/rabbitmq/topology.js';
import { TOPOLOGY } from '../conformance/suite.js';
import { lockBroker } from './lock.js';

export interface TestBroker {
  /** Of the broker itself. Needs `start`. */
  readonly server: TestRabbitMq;
  /** Through the proxy. */
  url(): string;
  start(): Promise<void>;
  /** A bus through the proxy. What it declares is removed by `reset`. */
  createBus<T extends Topology>(options: Omit<BusOptions<T>, 'url'> & { url?: string }): Promise<EventBus<T>>;
  /** Works on a channel of its own, past the proxy. */
  onChannel<T>(work: (channel: Channel) => Promise<T>): Promise<T>;
  reset(): Promise<void>;
  cut(): Promise<void>;
  mend(): Promise<void>;
  stop(): Promise<void>;
}

/** A RabbitMQ that a test can empty and take away. */
export function createTestBroker(): TestBroker {
  // A run that was cut short may have left these on a shared broker.
  const declared = new Set(Object.keys(TOPOLOGY).flatMap((queue) => [queue, deadLetterQueue(queue)]));
  let unlock = async (): Promise<void> => undefined;
  let started: { server: TestRabbitMq; proxy: TcpProxy } | undefined;
  const use = () => {
    if (!started) throw new Error('start comes first');
    return started;
  };
  const onChannel: TestBroker['onChannel'] = async (work) => {
    const connection: ChannelModel = await connect(use().server.url);
    connection.on('error', () => undefined);
    try {
      const channel = await connection.createChannel();
      channel.on('error', () => undefined);
      const result = await work(channel);
      await channel.close();
      return result;
    } finally {
      await connection.close().catch(() => undefined);
    }
  };
  const removeQueues = () =>
    onChannel(async (channel) => {
      for (const queue of declared) await channel.deleteQueue(queue);
      declared.clear();
    });
  const url = () => {
    const { server, proxy } = use();
    const through = new URL(server.url);
    through.hostname = proxy.host;
    through.port = String(proxy.port);
    return through.href;
  };

  return {
    get server() {
      return use().server;
    },
    url,
    start: async () => {
      const server = await startRabbitMq();
      if (!server.canRestart) unlock = await lockBroker(server.url);
      started = { server, proxy: await startTcpProxy(server.url) };
    },
    createBus: (options) => {
      const { topology, retry = DEFAULT_RETRY_POLICY } = options;
      for (const queue of Object.keys(topology)) declared.add(queue).add(deadLetterQueue(queue));
      for (const seconds of delaysOf(retry)) declared.add(retryQueue(seconds));
      return createRabbitMqBus({ url: url(), ...options });
    },
    onChannel,
    reset: async () => {
      await removeQueues();
      await use().proxy.mend();
    },
    cut: async () => use().proxy.cut(),
    mend: async () => use().proxy.mend(),
    stop: async () => {
      if (!started) return;
      await removeQueues();
      await onChannel(async (channel) => {
        for (const exchange of [EVENTS_EXCHANGE, RETURNS_EXCHANGE, DUE_EXCHANGE])
          await channel.deleteExchange(exchange);
      });
      await started.proxy.cut();
      await unlock();
      await started.server.stop();
    },
  };
}
