/** Declares the topology again and again, to do so at the same time as others. */
import { createRabbitMqBus } from '@lazyphotos/messaging';

const { url, topology, retry, times } = JSON.parse(process.argv[2]);
for (let count = 0; count < times; count += 1) {
  const bus = await createRabbitMqBus({ url, topology, retry });
  await bus.close();
}
