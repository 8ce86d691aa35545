import { type AnyEvent, parseEvent, type Topology } from '@lazyphotos/contracts';
import { OutagePause } from './outage-pause.js';
import type {
  BatchHandler,
  ConsumeOptions,
  EventDelivery,
  EventHandler,
  EventResult,
  HandlerResult,
  RetryPolicy,
} from './port.js';
import { Postponements } from './postponements.js';

/** A delivery as an adapter receives it: an event, or the reason why there is none to hand to a handler. */
export interface Received {
  content: { event: AnyEvent } | { error: unknown };
  /** From 1. */
  attempt: number;
  signal: AbortSignal;
}

/** Reads the event of a delivery. Never throws: a content that is no event fails like an event whose handler throws. */
export function readContent(read: () => unknown): Received['content'] {
  try {
    return { event: parseEvent(read()) };
  } catch (error) {
    return { error };
  }
}

/** Returns the name of a queue of the topology. @throws when there is no such queue */
export function known(topology: Topology, queue: string): string {
  if (!Object.hasOwn(topology, queue)) throw new Error(`no such queue: ${queue}`);
  return queue;
}

type AnyHandler = EventHandler<never> | BatchHandler<never>;

/** The handlers of one queue, and the rules of batches: the same for every adapter. */
export class QueueHandlers {
  readonly #queue: string;
  readonly #handlers: ReadonlyMap<string, AnyHandler>;
  readonly #around: NonNullable<ConsumeOptions['around']>;
  readonly #isOutage: NonNullable<ConsumeOptions['isOutage']>;
  readonly #maxAttempts: number;
  readonly #postponements = new Postponements();
  readonly pause: OutagePause;

  /** @throws when `handlers` has not exactly one handler for each of the queue's event types */
  constructor(
    topology: Topology,
    queue: string,
    handlers: object,
    retry: RetryPolicy,
    { around, isOutage }: Pick<ConsumeOptions, 'around' | 'isOutage'> = {},
  ) {
    const types = topology[known(topology, queue)] ?? [];
    this.#queue = queue;
    this.#around = around ?? ((_event, handle) => handle());
    this.#isOutage = isOutage ?? (() => false);
    this.#maxAttempts = retry.maxAttempts;
    this.pause = new OutagePause(retry);
    this.#handlers = new Map<string, AnyHandler>(Object.entries(handlers));
    const missing = types.filter((type) => !this.#handlers.has(type));
    if (missing.length > 0) throw new Error(`the queue ${queue} has no handler for ${missing.join(', ')}`);
    for (const [type, handler] of this.#handlers) {
      if (!types.some((known) => known === type))
        throw new Error(`the queue ${queue} has a handler for ${type}, which it does not deliver`);
      if (typeof handler !== 'function' && !(Number.isInteger(handler.batch) && handler.batch >= 1))
        throw new Error(`the batch of ${queue} for ${type} must be a whole number of at least 1`);
    }
  }

  /** The number of events that one call of a handler can take. */
  get largestBatch(): number {
    return Math.max(...[...this.#handlers.values()].map(batchSize));
  }

  /**
   * Removes from `waiting` the deliveries that the next call of a handler takes. An event that has failed before, or often in an outage,
   * is alone, so that an event that makes a whole batch fail becomes a dead letter alone. Two deliveries of one event are never in one batch.
   */
  takeNext<R extends Received>(waiting: R[]): R[] {
    const first = waiting.shift();
    if (!first) return [];
    const batch = [first];
    const ids = new Set([eventOf(first)?.id]);
    const type = this.#mustBeAlone(first) ? undefined : eventOf(first)?.type;
    const size = batchSize(this.#handlers.get(type ?? ''));
    for (let index = 0; index < waiting.length && batch.length < size; ) {
      const next = waiting[index] as R;
      const event = eventOf(next);
      if (event && event.type === type && !this.#mustBeAlone(next) && !ids.has(event.id)) {
        batch.push(...waiting.splice(index, 1));
        ids.add(event.id);
      } else index += 1;
    }
    return batch;
  }

  /** Handles what `takeNext` returned. Never rejects: resolves to a result for each delivery, in their order. */
  async handle(received: readonly Received[]): Promise<HandlerResult[]> {
    const results = await this.#handle(received);
    const judged = results.map((result, index) => this.#judge(received[index] as Received, result));
    this.pause.note(judged);
    return judged;
  }

  #mustBeAlone(received: Received): boolean {
    const event = eventOf(received);
    return received.attempt > 1 || event === undefined || this.#postponements.mustBeAlone(event);
  }

  #judge(received: Received, result: EventResult): HandlerResult {
    const event = eventOf(received);
    if (!event) return result === 'done' ? result : { ...result, isOutage: false };
    if (result === 'done') {
      this.#postponements.succeeded(event);
      return result;
    }
    const isOutage = this.#isOutage(result.error) && this.#postponements.failed(event);
    if (!isOutage && received.attempt >= this.#maxAttempts) this.#postponements.forget(event);
    return { ...result, isOutage };
  }

  async #handle(received: readonly Received[]): Promise<EventResult[]> {
    const deliveries: EventDelivery<never>[] = [];
    for (const { content, attempt, signal } of received) {
      if ('error' in content) return [content];
      deliveries.push({ event: content.event as never, attempt, signal });
    }
    const [first] = deliveries;
    if (!first) return [];
    const { type } = first.event as AnyEvent;
    const handler = this.#handlers.get(type);
    if (!handler) return [{ error: new Error(`the queue ${this.#queue} has no handler for ${type}`) }];
    if (typeof handler === 'function') return [await this.#settle(first, () => handler(first.event, first))];
    const results = callBatch(handler, deliveries, this.#isOutage);
    results.catch(() => undefined); // each delivery reports it below
    return Promise.all(
      deliveries.map((delivery, index) =>
        this.#settle(delivery, async () => {
          const result = (await results)[index];
          if (result !== 'done') throw result?.error;
        }),
      ),
    );
  }

  async #settle({ event }: EventDelivery<never>, handle: () => Promise<void>): Promise<EventResult> {
    try {
      await this.#around(event, handle);
      return 'done';
    } catch (error) {
      return { error };
    }
  }
}

const eventOf = ({ content }: Received) => ('event' in content ? content.event : undefined);

const batchSize = (handler: AnyHandler | undefined) => (typeof handler === 'object' ? handler.batch : 1);

async function callBatch(
  handler: BatchHandler<never>,
  deliveries: readonly EventDelivery<never>[],
  isOutage: (error: unknown) => boolean,
) {
  const results = await handler.handle(deliveries, isOutage);
  if (results.length !== deliveries.length)
    throw new Error(`a batch of ${deliveries.length} events has ${results.length} results`);
  return results;
}
