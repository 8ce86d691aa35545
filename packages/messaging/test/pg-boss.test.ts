import { afterAll } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { createPgBossBus } from '../src/index.js';
import { createTestBroker } from './broker.js';
import { describeEventBus } from './conformance/index.js';

describeWithPostgres('pg-boss', () => {
  const broker = createTestBroker();
  afterAll(() => broker.close());

  for (const isAlone of [false, true])
    describeEventBus(isAlone ? 'pg-boss in an exclusive process' : 'pg-boss', {
      create: (topology, { neverPolls, isBeside, ...options }) =>
        createPgBossBus({
          url: broker.url(),
          topology,
          heartbeatSeconds: 10,
          exclusive: isAlone && !isBeside,
          ...(neverPolls && { pollSeconds: 3600 }),
          ...options,
        }),
      reset: () => broker.reset(),
      cut: () => broker.cut(),
      mend: () => broker.mend(),
      isAlone,
    });
});
