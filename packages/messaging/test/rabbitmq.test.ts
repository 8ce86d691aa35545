import { afterAll, beforeAll } from '@jest/globals';
import { describeWithRabbitMq } from '@lazyphotos/testkit';
import { describeEventBus } from './conformance/index.js';
import { createTestBroker } from './rabbitmq/broker.js';

describeWithRabbitMq('RabbitMQ', () => {
  const broker = createTestBroker();
  beforeAll(() => broker.start());
  afterAll(() => broker.stop());

  describeEventBus('RabbitMQ', {
    // RabbitMQ brings the events, and is never polled.
    create: (topology, { neverPolls: _polls, isBeside: _isBeside, ...options }) =>
      broker.createBus({ topology, ...options }),
    reset: () => broker.reset(),
    cut: () => broker.cut(),
    mend: () => broker.mend(),
  });
});
