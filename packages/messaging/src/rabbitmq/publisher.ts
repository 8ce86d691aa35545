import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import pTimeout from 'p-timeout';
import { BusUnavailableError } from '../port.js';
import type { Link } from './link.js';
import type { OutgoingMessage } from './messages.js';

/** Messages sent and not confirmed: bounds the memory that a large batch takes, also in the socket. */
const MAX_UNCONFIRMED = 256;
const CONFIRM_MS = 20_000;

/** What is open on the connection that publishes. */
export interface PublishingLine {
  model: ChannelModel;
  confirming: ConfirmChannel;
  /** For requests to the broker. */
  asking: Channel;
  /** Why the broker reads nothing from publishers: it is short of memory or of disk. */
  blocked: string | undefined;
  /** Correlation ids of messages that reached no queue; the broker returns them just before it confirms. */
  returned: Set<string>;
  sent: number;
}

export async function openPublishingLine(
  model: ChannelModel,
  fail: (error: unknown) => void,
  prepare: (model: ChannelModel) => Promise<void>,
): Promise<PublishingLine> {
  await prepare(model);
  const confirming = await model.createConfirmChannel();
  const asking = await model.createChannel();
  confirming.on('error', fail);
  asking.on('error', fail);
  const line: PublishingLine = {
    model,
    confirming,
    asking,
    blocked: undefined,
    returned: new Set(),
    sent: 0,
  };
  confirming.on('return', ({ properties }) => line.returned.add(String(properties.correlationId)));
  model.on('blocked', (reason) => {
    line.blocked = reason;
  });
  model.on('unblocked', () => {
    line.blocked = undefined;
  });
  return line;
}

/** Sends messages and waits until the broker has stored each in every queue that receives its type. Keeps nothing to send it later. */
export class Publisher {
  readonly #link: Link<PublishingLine>;

  constructor(link: Link<PublishingLine>) {
    this.#link = link;
  }

  async send(messages: Iterable<OutgoingMessage>): Promise<void> {
    let part: OutgoingMessage[] = [];
    for (const message of messages) {
      part.push(message);
      if (part.length < MAX_UNCONFIRMED) continue;
      await this.#sendPart(part);
      part = [];
    }
    if (part.length > 0) await this.#sendPart(part);
  }

  async #sendPart(messages: readonly OutgoingMessage[]): Promise<void> {
    const line = usable(this.#link.get());
    const late = new BusUnavailableError(`RabbitMQ has not confirmed in ${CONFIRM_MS / 1000} s`);
    try {
      const confirmed = Promise.all(messages.map((message) => send(line, message)));
      await pTimeout(confirmed, { milliseconds: CONFIRM_MS, message: late });
    } catch (error) {
      // The topology is declared again with the connection, and no confirmation is waited for any more. A blocked connection is
      // kept: in a new one the next message would be blocked as well.
      if (error instanceof UnroutableError || (error instanceof BusUnavailableError && !line.blocked)) {
        this.#link.reset(error);
      }
      throw error;
    }
  }
}

/** @throws BusUnavailableError when the broker reads nothing from publishers */
export function usable(line: PublishingLine): PublishingLine {
  if (line.blocked === undefined) return line;
  throw new BusUnavailableError(`RabbitMQ accepts nothing at the moment: ${line.blocked}`);
}

class UnroutableError extends Error {
  override name = 'UnroutableError';
}

function send(line: PublishingLine, message: OutgoingMessage): Promise<void> {
  const { exchange, routingKey, content, options } = message;
  line.sent += 1;
  const correlationId = String(line.sent);
  return new Promise((resolve, reject) => {
    line.confirming.publish(exchange, routingKey, content, { ...options, correlationId }, (error) => {
      if (error) reject(error);
      else if (line.returned.delete(correlationId)) {
        reject(new UnroutableError(`no queue for what was sent to "${exchange}" with the key ${routingKey}`));
      } else resolve();
    });
  });
}
