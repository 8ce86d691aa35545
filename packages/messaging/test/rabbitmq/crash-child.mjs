/** Takes one event (or a batch), writes its ids and attempts, and never finishes it. Its parent kills it. */
import { createRabbitMqBus } from '@lazyphotos/messaging';

const { url, topology, queue, retry, batch } = JSON.parse(process.argv[2]);
const bus = await createRabbitMqBus({ url, topology, retry, name: 'crash-child' });
const handle = (deliveries) => {
  process.stdout.write(`${deliveries.map(({ event, attempt }) => `${event.id} ${attempt}`).join('\n')}\n`);
  return new Promise(() => undefined);
};
const single = (event, { attempt }) => handle([{ event, attempt }]);
await bus.consume(queue, { 'album.deleted': batch ? { batch, handle } : single }, { concurrency: 1 });
