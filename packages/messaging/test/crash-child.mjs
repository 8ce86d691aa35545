/** Takes one event, says so and never finishes it. Its parent kills it. */
import { createPgBossBus } from '@lazyphotos/messaging';

const { url, topology, queue, retry } = JSON.parse(process.argv[2]);
const bus = await createPgBossBus({ url, topology, retry, heartbeatSeconds: 10, exclusive: true });
await bus.consume(
  queue,
  (event, { attempt }) => {
    process.stdout.write(`${event.id} ${attempt}\n`);
    return new Promise(() => undefined);
  },
  { concurrency: 1 },
);
