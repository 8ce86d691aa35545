import type { Topology } from '@lazyphotos/contracts';
import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import { BusUnavailableError } from '../errors.js';
import type { RetryPolicy } from '../port.js';
import type { Link } from './link.js';
import type { OutgoingMessage } from './messages.js';
import { declareTopology } from './topology.js';
import { within } from './within.js';

/** Sent before the broker has confirmed those before: bounds what a large batch takes of our memory and of the socket's. */
const UNCONFIRMED = 256;
const CONFIRM_MS = 20_000;

/** What is open on the connection that publishes. */
export interface PublishingLine {
  model: ChannelModel;
  confirming: ConfirmChannel;
  /** For questions to the broker. */
  asking: Channel;
  /** Why the broker reads nothing from us: it is short of memory or of disk. */
  blocked: string | undefined;
  /** Correlation ids of what reached no queue; the broker says so just before it confirms. */
  returned: Set<string>;
  sent: number;
}

export async function openPublishingLine(
  model: ChannelModel,
  fail: (error: unknown) => void,
  { topology, retry }: { topology: Topology; retry: RetryPolicy },
): Promise<PublishingLine> {
  await declareTopology(model, topology, retry);
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

export type Publisher = ReturnType<typeof createPublisher>;

/** Sends messages and waits until the broker has each on disk, in every queue that wants it. Keeps nothing to send it later. */
export function createPublisher(link: Link<PublishingLine>) {
  const sendPart = async (messages: readonly OutgoingMessage[]): Promise<void> => {
    const line = usable(link.get());
    const late = () => new BusUnavailableError(`RabbitMQ has not confirmed in ${CONFIRM_MS / 1000} s`);
    try {
      await within(CONFIRM_MS, Promise.all(messages.map((message) => send(line, message))), late);
    } catch (error) {
      // The topology is declared anew with the connection, and no confirmation is waited for any more. A blocked connection is
      // kept: in a new one the next message would be stuck likewise.
      if (error instanceof UnroutableError || (error instanceof BusUnavailableError && !line.blocked)) {
        link.reset(error);
      }
      throw error;
    }
  };
  return {
    send: async (messages: Iterable<OutgoingMessage>): Promise<void> => {
      let part: OutgoingMessage[] = [];
      for (const message of messages) {
        part.push(message);
        if (part.length < UNCONFIRMED) continue;
        await sendPart(part);
        part = [];
      }
      if (part.length > 0) await sendPart(part);
    },
  };
}

/** @throws BusUnavailableError when the broker reads nothing from us */
export function usable(line: PublishingLine): PublishingLine {
  if (line.blocked === undefined) return line;
  throw new BusUnavailableError(`RabbitMQ takes nothing just now: ${line.blocked}`);
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
