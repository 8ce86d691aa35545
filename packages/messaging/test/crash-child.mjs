/**
 * Takes one event (or a batch), writes its ids and attempts, and never finishes it; with `publish` it is an event of its own. With `cut` it
 * finishes the event when its parent has cut the connections and closed its input, and writes `done`. Its parent kills it.
 */
import { once } from 'node:events';
import { createPgBossBus } from '@lazyphotos/messaging';

const { url, topology, queue, retry, batch, publish, cut } = JSON.parse(process.argv[2]);
const bus = await createPgBossBus({ url, topology, retry, heartbeatSeconds: 10, exclusive: true });
const handle = async (deliveries) => {
  process.stdout.write(`${deliveries.map(({ event, attempt }) => `${event.id} ${attempt}`).join('\n')}\n`);
  if (!cut) return new Promise(() => undefined);
  await once(process.stdin.resume(), 'end');
  setImmediate(() => process.stdout.write('done\n'));
};
const single = (event, { attempt }) => handle([{ event, attempt }]);
await bus.consume(queue, { 'album.deleted': batch ? { batch, handle } : single }, { concurrency: 1 });
if (publish) await bus.publish([publish]);
