import { expect, jest, test } from '@jest/globals';
import { toProblem } from '@lazyphotos/service-kit';
import { createTestDatabase, describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { openDatabase } from '../src/index.js';
import { createGate } from './gate.js';

const POOL_SIZE = 3;

describeWithPostgres('while the server is away', () => {
  test('queries fail as unavailable, those under way as well; when it is back, all of the pool works', async () => {
    const created = await createTestDatabase('outage');
    const gate = await createGate(created.url);
    await gate.open();
    const onIdleError = jest.fn();
    const { pool, close } = openDatabase({
      url: gate.url,
      poolSize: POOL_SIZE,
      applicationName: 'outage',
      onIdleError,
    });
    const ask = () => pool.query('SELECT pg_backend_pid()').then(() => 'fine', toProblem);
    const askAll = () => Promise.all(Array.from({ length: POOL_SIZE * 2 }, ask));
    const unavailable = expect.objectContaining({ code: 'service_unavailable', status: 503 });

    expect(await askAll()).toEqual(Array(POOL_SIZE * 2).fill('fine'));
    const underWay = pool.query('SELECT pg_sleep(30)').catch(toProblem);
    await eventually(() => expect(pool.idleCount).toBe(POOL_SIZE - 1));
    await gate.shut();
    expect(await underWay).toEqual(unavailable);
    expect(await askAll()).toEqual(Array(POOL_SIZE * 2).fill(unavailable));
    expect(onIdleError).toHaveBeenCalled();

    await gate.open();
    expect(await askAll()).toEqual(Array(POOL_SIZE * 2).fill('fine'));
    await close();
    await gate.shut();
    await created.drop();
  });
});
