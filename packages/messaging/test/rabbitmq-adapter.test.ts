import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { describeWithRabbitMq } from '@lazyphotos/testkit';
import { describeCrashes } from './rabbitmq/crashes.js';
import { describeDeadLetters } from './rabbitmq/dead-letters.js';
import { createHarness } from './rabbitmq/harness.js';
import { describeOutages } from './rabbitmq/outages.js';
import { describeRestarts } from './rabbitmq/restarts.js';
import { describeSecurity } from './rabbitmq/security.js';
import { describeTopology } from './rabbitmq/topology.js';

describeWithRabbitMq('the bus on RabbitMQ', () => {
  const harness = createHarness();
  beforeAll(() => harness.broker.start());
  beforeEach(() => harness.broker.reset());
  afterEach(async () => {
    await harness.broker.mend();
    await harness.closeBuses();
  });
  afterAll(() => harness.broker.stop());

  describeTopology(harness);
  describeCrashes(harness);
  describeDeadLetters(harness);
  describeOutages(harness);
  describeSecurity(harness);
  describeRestarts(harness);
});
