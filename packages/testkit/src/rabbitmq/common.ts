import type { QueueLength } from '../servers/own-server.js';

/** Name and password of the administrator. */
export const USER = 'lazyphotos';

export function urlOf(port: number): string {
  return `amqp://${USER}:${USER}@127.0.0.1:${port}`;
}

/** A quorum queue says how long it is only so often; usually every 5 s, which is long for a test. */
const TICK_MS = 200;
export const TICK_ARGUMENT = `-rabbit quorum_tick_interval ${TICK_MS}`;

const LIST_QUEUES = ['--quiet', 'list_queues', 'name', 'messages', '--formatter', 'json'];

/** Asks rabbitmqctl, which `control` runs. What has just happened is in the answer after the next tick: ask again until it is. */
export async function listQueues(control: (args: string[]) => Promise<string>): Promise<QueueLength[]> {
  return JSON.parse(await control(LIST_QUEUES));
}
