import { afterAll, beforeAll } from '@jest/globals';
import { describeWithRabbitMq } from '@lazyphotos/testkit';
import { describeEventBus } from '../src/testing/index.js';
import { createTestBroker, START_MS } from './rabbitmq/broker.js';

describeWithRabbitMq('RabbitMQ', () => {
  const broker = createTestBroker();
  beforeAll(() => broker.start(), START_MS);
  afterAll(() => broker.stop());

  describeEventBus('RabbitMQ', {
    create: (topology, options) => broker.createBus({ topology, ...options }),
    reset: () => broker.reset(),
    cut: () => broker.cut(),
    mend: () => broker.mend(),
  });
});
