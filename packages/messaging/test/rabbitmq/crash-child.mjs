/** Takes one event, says so and never finishes it. Its parent kills it. */
import { createRabbitMqBus } from '@lazyphotos/messaging';

const { url, topology, queue, retry } = JSON.parse(process.argv[2]);
const bus = await createRabbitMqBus({ url, topology, retry, name: 'crash-child' });
await bus.consume(
  queue,
  (event, { attempt }) => {
    process.stdout.write(`${event.id} ${attempt}\n`);
    return new Promise(() => undefined);
  },
  { concurrency: 1 },
);
