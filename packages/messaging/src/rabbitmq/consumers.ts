import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { EventHandler } from '../port.js';
import type { Incoming } from './delivery.js';
import type { Link } from './link.js';
import { createSlots } from './slots.js';
import { atMost } from './within.js';

/** For the broker's answer to a goodbye. */
const GOODBYE_MS = 3000;

interface Subscription {
  queue: string;
  handler: EventHandler;
  concurrency: number;
  /** Outlive the channel: a handler that runs on after its connection broke still takes its slot. */
  slots: ReturnType<typeof createSlots>;
  consuming?: { channel: Channel; consumerTag: string };
}

interface InHand {
  queue: string;
  abort: AbortController;
  ended: Promise<void>;
}

/** What is open on the connection that consumes. */
export interface ConsumingLine {
  model: ChannelModel;
  fail(error: unknown): void;
}

export interface ConsumersOptions {
  /** Opens the connection with the first consumer. `attach` brings all consumers onto a new connection. */
  connect(attach: (line: ConsumingLine) => Promise<void>): Promise<Link<ConsumingLine>>;
  deliver(incoming: Incoming, handler: EventHandler): Promise<void>;
}

/** The consumers of one bus: a channel each, on a connection of their own. */
export function createConsumers({ connect, deliver }: ConsumersOptions) {
  const subscriptions = new Set<Subscription>();
  const inHand = new Set<InHand>();
  const underWay = new Map<string, Promise<void>>();
  let link: Promise<Link<ConsumingLine>> | undefined;
  let draining: Promise<void> | undefined;

  /** After an outage an event can come again while its handler from before still runs: then it waits for that one. */
  const oneAtATime = async (key: string, work: () => Promise<void>): Promise<void> => {
    while (underWay.has(key)) await underWay.get(key);
    const run = work().finally(() => underWay.delete(key));
    underWay.set(key, run);
    await run;
  };

  const take = (
    { queue, slots, handler }: Subscription,
    channel: Channel,
    message: ConsumeMessage,
    fail: ConsumingLine['fail'],
  ): void => {
    const abort = new AbortController();
    const incoming: Incoming = { queue, message, signal: abort.signal, ack: () => settled(channel, message) };
    const lost = () => abort.abort();
    channel.once('close', lost);
    const work = slots.run(() =>
      oneAtATime(`${queue} ${message.properties.messageId}`, async () => {
        // What comes while we drain goes back with the channel: returned at once, it might come to us again and again.
        if (!draining && !abort.signal.aborted) await deliver(incoming, handler).catch(fail);
      }),
    );
    const entry = { queue, abort, ended: Promise.resolve() };
    entry.ended = work.finally(() => {
      inHand.delete(entry);
      channel.off('close', lost);
    });
    inHand.add(entry);
  };

  const attach = async (line: ConsumingLine, subscription: Subscription): Promise<void> => {
    const { queue, concurrency } = subscription;
    const channel = await line.model.createChannel();
    channel.setMaxListeners(0); // one for each message in hand
    channel.on('error', line.fail);
    await channel.prefetch(concurrency);
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message) take(subscription, channel, message, line.fail);
      else line.fail(new Error(`RabbitMQ has cancelled the consumer of ${queue}`));
    });
    subscription.consuming = { channel, consumerTag };
    // Draining may have begun meanwhile, and has then not seen this channel.
    if (draining) await channel.cancel(consumerTag);
  };

  const attachAll = async (line: ConsumingLine): Promise<void> => {
    for (const subscription of subscriptions) if (!draining) await attach(line, subscription);
  };

  const connected = (): Promise<Link<ConsumingLine>> => {
    link ??= connect(attachAll).catch((error) => {
      link = undefined;
      throw error;
    });
    return link;
  };

  const eachChannel = (act: (channel: Channel, consumerTag: string) => Promise<unknown>): Promise<void> => {
    const acts = [...subscriptions].map(
      async ({ consuming }) => consuming && act(consuming.channel, consuming.consumerTag),
    );
    // A channel that is gone has nothing to stop.
    return atMost(GOODBYE_MS, Promise.allSettled(acts));
  };

  const drain = async (): Promise<void> => {
    await eachChannel((channel, consumerTag) => channel.cancel(consumerTag));
    await Promise.all([...inHand].map(({ ended }) => ended));
  };

  return {
    start: async (queue: string, handler: EventHandler, concurrency: number): Promise<void> => {
      if (draining) throw new Error('the bus takes no more events');
      const subscription = { queue, handler, concurrency, slots: createSlots(concurrency) };
      const line = (await connected()).get();
      await attach(line, subscription);
      subscriptions.add(subscription);
    },
    /** Events of the queue that this process has taken and not settled. */
    inHand: (queue: string): number => [...inHand].filter((entry) => entry.queue === queue).length,
    /** @throws BusUnavailableError while consumers wait for their connection */
    check: async (): Promise<void> => {
      if (link) (await link).get();
    },
    /** Takes nothing more, and waits so long for the handlers under way. */
    drain: (patienceMs: number): Promise<void> => {
      draining ??= atMost(patienceMs, drain());
      return draining;
    },
    /** Tells the handlers that still run, and leaves their events to the broker. */
    close: async (): Promise<void> => {
      for (const { abort } of inHand) abort.abort();
      // amqplib sends the end of a connection before what its channels have still to send: acknowledgements.
      await eachChannel((channel) => channel.close());
      await (await link?.catch(() => undefined))?.close();
    },
  };
}

/** A channel that is gone cannot acknowledge: the message comes again. */
function settled(channel: Channel, message: ConsumeMessage): boolean {
  try {
    channel.ack(message);
    return true;
  } catch {
    return false;
  }
}
