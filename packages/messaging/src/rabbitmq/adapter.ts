import type { AnyEvent, EventType, Topology } from '@lazyphotos/contracts';
import type { ChannelModel } from 'amqplib';
import pTimeout from 'p-timeout';
import { known, QueueHandlers } from '../handlers.js';
import {
  type BusOptions,
  DEFAULT_RETRY_POLICY,
  type EventBus,
  type QueueDepth,
  type RetryPolicy,
} from '../port.js';
import { Consumers, type ConsumingLine } from './consumers.js';
import { peekDeadLetters, replayDeadLetters } from './dead-letters.js';
import { openLink } from './link.js';
import { eventMessage } from './messages.js';
import { openPublishingLine, Publisher, type PublishingLine, usable } from './publisher.js';
import {
  checkTopology,
  deadLetterQueue,
  declareTopology,
  delaysOf,
  EVENTS_EXCHANGE,
  RETRIES,
  retryQueue,
} from './topology.js';

const READY_MS = 5000;

/**
 * The event bus on RabbitMQ 3.10 and later: a topic exchange and a quorum queue per consumer and event family, each with a
 * dead-letter queue. All of them share the retry queues, one for each delay of the policy.
 *
 * It has two connections, the second from the first consumer on: a broker that is short of memory or disk stops reading
 * from publishers, and acknowledgements must still reach it then.
 * @throws BusUnavailableError, TopologyRefusedError
 */
export async function createRabbitMqBus<T extends Topology>(options: BusOptions<T>): Promise<EventBus<T>> {
  const { url, topology, name = 'lazyphotos', declares = true } = options;
  const { retry = DEFAULT_RETRY_POLICY, observer = {}, drainMs = 15_000 } = options;
  const prepare = (model: ChannelModel) =>
    (declares ? declareTopology : checkTopology)(model, topology, retry);
  const onFault = (error: unknown) => observer.fault?.(error);
  const publishing = await openLink({
    url,
    name,
    open: (model, fail) => openPublishingLine(model, fail, prepare),
    onFault,
  });
  const publisher = new Publisher(publishing);
  const consumers = new Consumers({
    connect: (attach) =>
      openLink<ConsumingLine>({
        url,
        name: `${name} (consumers)`,
        open: async (model, fail) => {
          const line = { model, fail };
          await prepare(model);
          await attach(line);
          return line;
        },
        onFault,
      }),
    publisher,
    retry,
    observer,
  });
  const delivered = new Set(Object.values(topology).flat());
  const line = () => usable(publishing.get());
  let closing: Promise<void> | undefined;
  const close = async () => {
    await consumers.drain(drainMs);
    await Promise.all([consumers.close(), publishing.close()]);
  };

  return {
    publish: (events) => publisher.send(eventMessages(events, delivered)),
    consume: async (queue, handlers, { concurrency, ...options }) => {
      const queueHandlers = new QueueHandlers(topology, queue, handlers, retry, options);
      await consumers.start(queue, queueHandlers, concurrency);
    },
    depths: async () => readDepths(line(), topology, retry, (queue) => consumers.inFlight(queue)),
    deadLetters: async (queue, limit) => peekDeadLetters(line().model, known(topology, queue), limit),
    replayDeadLetters: async (queue) => replayDeadLetters(line().model, publisher, known(topology, queue)),
    ready: async () => {
      const { asking } = line();
      const late = new Error(`RabbitMQ has not responded in ${READY_MS / 1000} s`);
      await pTimeout(asking.checkExchange(EVENTS_EXCHANGE), { milliseconds: READY_MS, message: late });
      await consumers.check();
    },
    drain: () => consumers.drain(drainMs),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** One after the other, so that a large batch is not in memory twice. */
function* eventMessages(events: readonly AnyEvent[], delivered: ReadonlySet<EventType>) {
  for (const event of events) yield eventMessage(event, delivered.has(event.type));
}

/**
 * Events move between the queues and the retry queues while they are counted: the retry queues are counted before and after, so
 * that none is missed on its way.
 */
async function readDepths(
  { asking }: PublishingLine,
  topology: Topology,
  retry: RetryPolicy,
  inFlight: (queue: string) => number,
): Promise<QueueDepth[]> {
  const length = async (queue: string) => (await asking.checkQueue(queue)).messageCount;
  const retried = async () => {
    let sum = 0;
    for (const seconds of delaysOf(retry)) sum += await length(retryQueue(seconds));
    return sum;
  };
  const before = await retried();
  const depths: QueueDepth[] = [];
  for (const queue of Object.keys(topology)) {
    const waiting = await length(queue);
    depths.push({
      queue,
      pending: waiting + inFlight(queue),
      deadLetters: await length(deadLetterQueue(queue)),
    });
  }
  return [...depths, { queue: RETRIES, pending: Math.max(before, await retried()), deadLetters: 0 }];
}
