import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toProblem } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually, startTestPostgres, type TestPostgres } from '@lazyphotos/testkit';
import { openDatabase, translateDatabaseError } from '../src/index.js';

const POOL_SIZE = 3;
const problemOf = (error: unknown) => toProblem(error, [translateDatabaseError]);

describeWithPostgres('while the server is away', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startTestPostgres();
  });
  afterAll(() => server.stop());

  test.each(['shutDown', 'kill'] as const)(
    'after its %s, queries fail as unavailable, also those in flight; when it is back, the whole pool works',
    async (end) => {
      const { pool, close } = openDatabase({
        url: server.url,
        poolSize: POOL_SIZE,
        applicationName: 'outage',
      });
      const ask = () => pool.query('SELECT pg_sleep(0.1)').then(() => 'fine', problemOf);
      const askAll = () => Promise.all(Array.from({ length: POOL_SIZE * 2 }, ask));
      const all = (answer: unknown) => Array(POOL_SIZE * 2).fill(answer);
      const unavailable = expect.objectContaining({ code: 'service_unavailable', status: 503 });

      expect(await askAll()).toEqual(all('fine'));
      const underWay = pool.query('SELECT pg_sleep(60)').catch(problemOf);
      await eventually(() => expect(pool.idleCount).toBe(POOL_SIZE - 1));
      await server[end]();
      expect(await underWay).toEqual(unavailable);
      // Backends notice the end of a killed server a moment later.
      await eventually(async () => expect(await askAll()).toEqual(all(unavailable)));

      await server.restart();
      expect(await askAll()).toEqual(all('fine'));
      await close();
    },
  );
});
