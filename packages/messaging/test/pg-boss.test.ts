import { afterAll } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { createPgBossBus } from '../src/index.js';
import { describeEventBus } from '../src/testing/index.js';
import { createTestBroker } from './broker.js';

describeWithPostgres('pg-boss', () => {
  const broker = createTestBroker();
  afterAll(() => broker.close());

  describeEventBus('pg-boss', {
    create: (topology, { neverPolls, ...options }) =>
      createPgBossBus({
        url: broker.url(),
        topology,
        heartbeatSeconds: 10,
        ...(neverPolls && { pollSeconds: 3600 }),
        ...options,
      }),
    reset: () => broker.reset(),
    cut: () => broker.cut(),
    mend: () => broker.mend(),
  });
});
