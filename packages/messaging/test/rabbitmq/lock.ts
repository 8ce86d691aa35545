import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';

const LOCK = 'lazyphotos.test-turn';
/** A broker does not notify other clients when an exclusive queue is gone. */
const POLL_MS = 500;

/**
 * Waits until no other suite uses this broker, since all of them make queues of the same names. Returns the function that releases the
 * lock, which is an exclusive queue and is removed with its connection.
 */
export async function lockBroker(url: string): Promise<() => Promise<void>> {
  for (;;) {
    const connection = await connect(url);
    connection.on('error', () => undefined);
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    try {
      await channel.assertQueue(LOCK, { exclusive: true, durable: false });
      return () => connection.close();
    } catch {
      await connection.close();
      await sleep(POLL_MS);
    }
  }
}
