import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import pLimit, { type LimitFunction } from 'p-limit';
import pTimeout from 'p-timeout';
import { type QueueHandlers, readContent } from '../handlers.js';
import type { Link } from './link.js';
import { attemptOf, postponedMessage, readMessage, returnedMessage } from './messages.js';
import { acknowledge, type Incoming, Settlements, type SettlementsOptions } from './settlements.js';

/** How long the broker may take to confirm that a consumer or a channel is closed. */
const CLOSE_CHANNEL_MS = 3000;

interface Subscription {
  queue: string;
  handlers: QueueHandlers;
  concurrency: number;
  /** Outlives the channel: a handler that still runs after its connection broke counts until it ends. */
  limit: LimitFunction;
  /** Received, not yet given to a handler. */
  waiting: Incoming[];
  consuming?: { channel: Channel; consumerTag: string };
}

class ConsumerLostError extends Error {
  override name = 'ConsumerLostError';
  override message = 'the process ended, or lost its connection, while it handled the event';
}

/** What is open on the connection that consumes. */
export interface ConsumingLine {
  model: ChannelModel;
  fail(error: unknown): void;
}

export interface ConsumersOptions extends SettlementsOptions {
  /** Opens the connection with the first consumer. `attach` brings all consumers onto a new connection. */
  connect(attach: (line: ConsumingLine) => Promise<void>): Promise<Link<ConsumingLine>>;
}

/**
 * The consumers of one bus: a channel each, on a connection of their own.
 *
 * A delivery ends when its event was handled, or was published again for later or for the dead letters; only then is it acknowledged,
 * so that a crash in between makes a second copy and never none.
 *
 * A message that comes back because its consumer was lost counts as a failed delivery, and waits like one. An event that ends its
 * process is so separated from the events that were in flight beside it, and becomes a dead letter in the end.
 */
export class Consumers {
  readonly #options: ConsumersOptions;
  readonly #subscriptions = new Set<Subscription>();
  readonly #inFlight = new Set<Incoming>();
  /** The calls of handlers that have not ended, by queue and event. */
  readonly #running = new Map<string, Promise<void>>();
  #link: Promise<Link<ConsumingLine>> | undefined;
  #draining: Promise<void> | undefined;
  readonly #stopPauses = new AbortController();
  readonly #settlements: Settlements;

  constructor(options: ConsumersOptions) {
    this.#options = options;
    this.#settlements = new Settlements(options);
  }

  async start(queue: string, handlers: QueueHandlers, concurrency: number): Promise<void> {
    if (this.#draining) throw new Error('the bus takes no more events');
    const limit = pLimit(concurrency);
    const subscription: Subscription = { queue, handlers, concurrency, limit, waiting: [] };
    const line = (await this.#connected()).get();
    await this.#attach(line, subscription);
    this.#subscriptions.add(subscription);
  }

  /** Returns how many events of the queue this process has taken and not settled. */
  inFlight(queue: string): number {
    return [...this.#inFlight].filter((incoming) => incoming.queue === queue).length;
  }

  /** @throws BusUnavailableError while consumers wait for their connection */
  async check(): Promise<void> {
    if (this.#link) (await this.#link).get();
  }

  /** Takes nothing more, and waits at most `milliseconds` for the running handlers. */
  drain(milliseconds: number): Promise<void> {
    this.#stopPauses.abort();
    this.#draining ??= pTimeout(this.#endRunning(), { milliseconds, message: false }).then(() => undefined);
    return this.#draining;
  }

  /** Aborts the handlers that still run, and leaves their events to the broker. */
  async close(): Promise<void> {
    for (const { abort } of this.#inFlight) abort.abort();
    // amqplib sends the end of a connection before what its channels have still to send: acknowledgements.
    await this.#eachChannel((channel) => channel.close());
    await (await this.#link?.catch(() => undefined))?.close();
  }

  async #endRunning(): Promise<void> {
    // After that nothing more arrives, and what is returned does not come to this process again.
    await this.#eachChannel((channel, consumerTag) => channel.cancel(consumerTag));
    await Promise.all([this.#returnWaiting(), ...this.#running.values()]);
  }

  /**
   * Publishes what no handler was given again. What goes back with its channel counts as a failed delivery, because the broker cannot tell
   * it from what was being handled.
   */
  async #returnWaiting(): Promise<void> {
    const waiting = [...this.#subscriptions].flatMap((subscription) => subscription.waiting.splice(0));
    for (const incoming of waiting) this.#inFlight.delete(incoming);
    // One that was lost before keeps the count of the broker.
    const untouched = waiting.filter(({ message }) => !attemptOf(message).lost);
    try {
      await this.#options.publisher.send(
        untouched.map(({ message, queue }) => returnedMessage(message, queue)),
      );
      for (const incoming of untouched) acknowledge(incoming);
    } catch (error) {
      this.#options.observer.fault?.(error);
    }
  }

  async #eachChannel(act: (channel: Channel, consumerTag: string) => Promise<unknown>): Promise<void> {
    const acts = [...this.#subscriptions].map(
      async ({ consuming }) => consuming && act(consuming.channel, consuming.consumerTag),
    );
    // A channel that is closed already has nothing to stop.
    await pTimeout(Promise.allSettled(acts), { milliseconds: CLOSE_CHANNEL_MS, message: false });
  }

  #connected(): Promise<Link<ConsumingLine>> {
    const attachAll = async (line: ConsumingLine) => {
      for (const subscription of this.#subscriptions)
        if (!this.#draining) await this.#attach(line, subscription);
    };
    this.#link ??= this.#options.connect(attachAll).catch((error) => {
      this.#link = undefined;
      throw error;
    });
    return this.#link;
  }

  async #attach(line: ConsumingLine, subscription: Subscription): Promise<void> {
    const { queue, concurrency, handlers } = subscription;
    const channel = await line.model.createChannel();
    channel.on('error', line.fail);
    channel.once('close', () => this.#lose(subscription, channel));
    await channel.prefetch(prefetchOf(concurrency, handlers.largestBatch));
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message) this.#receive(line, subscription, channel, message);
      else line.fail(new Error(`RabbitMQ has cancelled the consumer of ${queue}`));
    });
    subscription.consuming = { channel, consumerTag };
    // Draining may have begun meanwhile, and has then not seen this channel.
    if (this.#draining) await channel.cancel(consumerTag);
  }

  #receive(line: ConsumingLine, subscription: Subscription, channel: Channel, message: ConsumeMessage): void {
    const abort = new AbortController();
    const { attempt, lost } = attemptOf(message);
    const incoming: Incoming = {
      queue: subscription.queue,
      message,
      channel,
      abort,
      attempt,
      signal: abort.signal,
      content: lost ? { error: new ConsumerLostError() } : readContent(() => readMessage(message)),
    };
    this.#inFlight.add(incoming);
    subscription.waiting.push(incoming);
    // The message goes back to the broker when the channel closes.
    if (this.#draining) return;
    subscription.limit(() => this.#handleNext(subscription)).catch(line.fail);
  }

  /** The messages of a closed channel are the broker's again. */
  #lose(subscription: Subscription, channel: Channel): void {
    for (const incoming of this.#inFlight) if (incoming.channel === channel) incoming.abort.abort();
    for (const incoming of subscription.waiting) if (incoming.signal.aborted) this.#inFlight.delete(incoming);
    subscription.waiting = subscription.waiting.filter(({ signal }) => !signal.aborted);
  }

  /** One call of a handler. Each message has scheduled one such call; a call that finds nothing waiting has nothing to do. */
  async #handleNext(subscription: Subscription): Promise<void> {
    if (this.#draining) return;
    const batch = subscription.handlers.takeNext(subscription.waiting);
    if (batch.length === 0) return;
    const keys = batch.map(({ queue, message }) => `${queue} ${message.properties.messageId}`);
    // After an outage an event can come again while its handler from before still runs.
    while (keys.some((key) => this.#running.has(key)))
      await Promise.all(keys.map((key) => this.#running.get(key)));
    const delivered = this.#deliver(subscription.handlers, batch).finally(() => {
      for (const incoming of batch) this.#inFlight.delete(incoming);
    });
    const run = delivered
      .then(() => this.#postponeWaiting(subscription))
      .finally(() => {
        for (const key of keys) this.#running.delete(key);
      });
    for (const key of keys) this.#running.set(key, run);
    await run;
    await subscription.handlers.pause.wait(this.#stopPauses.signal);
  }

  async #deliver(handlers: QueueHandlers, batch: readonly Incoming[]): Promise<void> {
    if (this.#draining || batch.some(({ signal }) => signal.aborted)) return;
    const results = await handlers.handle(batch);
    const last = this.#lastOf(batch);
    if (last && results.every((result) => result === 'done')) this.#settlements.settleTogether(batch, last);
    else
      await Promise.all(
        batch.map((incoming, index) =>
          this.#settlements.settle(handlers, incoming, results[index] ?? 'done'),
        ),
      );
  }

  /**
   * Gives back what waits for a handler when a pause begins, for as long: many pauses together are longer than RabbitMQ lets a consumer hold
   * a message, and it would count what it takes away. What was lost before stays: no handler is called for it.
   */
  async #postponeWaiting(subscription: Subscription): Promise<void> {
    const { pause } = subscription.handlers;
    const { publisher, retry, observer } = this.#options;
    if (!pause.isOn) return;
    const waiting = subscription.waiting.filter(({ message }) => !attemptOf(message).lost);
    subscription.waiting = subscription.waiting.filter((incoming) => !waiting.includes(incoming));
    try {
      await publisher.send(
        waiting.map(({ message, queue }) => postponedMessage(message, queue, pause.delaySeconds, retry)),
      );
      for (const incoming of waiting) {
        acknowledge(incoming);
        this.#inFlight.delete(incoming);
      }
    } catch (error) {
      observer.fault?.(error);
      subscription.waiting.unshift(...waiting.filter(({ signal }) => !signal.aborted));
      for (const incoming of waiting) if (incoming.signal.aborted) this.#inFlight.delete(incoming);
    }
  }

  /**
   * Returns the message up to which one acknowledgement settles this batch and nothing else; undefined when messages before it are still
   * waiting or being handled, and while draining, which gives such messages back.
   */
  #lastOf(batch: readonly Incoming[]): Incoming | undefined {
    if (batch.length < 2 || this.#draining) return undefined;
    const last = batch.reduce((a, b) => (tagOf(a) > tagOf(b) ? a : b));
    const isOfOthers = (incoming: Incoming) =>
      incoming.channel === last.channel && tagOf(incoming) < tagOf(last) && !batch.includes(incoming);
    const isOneChannel = batch.every(({ channel }) => channel === last.channel);
    return isOneChannel && ![...this.#inFlight].some(isOfOthers) ? last : undefined;
  }
}

const tagOf = ({ message }: Incoming): number => message.fields.deliveryTag;

/** With batches, one more than can be handled now: the next batch arrives while the others are being handled. */
const prefetchOf = (concurrency: number, batch: number) =>
  batch === 1 ? concurrency : (concurrency + 1) * batch;
