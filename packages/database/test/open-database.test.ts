import { expect, jest, test } from '@jest/globals';
import { createTestDatabase, describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { BULK_TRANSACTION_OPTIONS, openDatabase, TRANSACTION_OPTIONS } from '../src/index.js';

describeWithPostgres('a database', () => {
  test('is ready when it responds, and names the application', async () => {
    const created = await createTestDatabase('open');
    const database = openDatabase({ url: created.url, poolSize: 2, applicationName: 'catalog' });
    await database.ready();
    const { rows } = await database.pool.query(
      'SELECT application_name AS name FROM pg_stat_activity WHERE pid = pg_backend_pid()',
    );
    expect(rows).toEqual([{ name: 'catalog' }]);
    await database.close();
    await expect(database.ready()).rejects.toThrow();
    await created.drop();
  });

  test('replaces connections that break while idle, and reports them', async () => {
    const created = await createTestDatabase('open');
    const onIdleError = jest.fn();
    const database = openDatabase({ url: created.url, poolSize: 2, applicationName: 'catalog', onIdleError });
    await database.ready();
    const killer = openDatabase({ url: created.url, poolSize: 1, applicationName: 'killer' });
    await killer.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'catalog'`,
    );
    await eventually(() => expect(onIdleError).toHaveBeenCalled());
    await database.ready();
    await killer.close();
    await database.close();
    await created.drop();
  });

  test('gives transactions ten seconds at least, unless it is told otherwise', async () => {
    const given = { url: 'postgresql://nobody@127.0.0.1:1/none', poolSize: 1, applicationName: 'catalog' };
    const limits = { maxWait: 1, timeout: 2 };
    const [usual, other] = [openDatabase(given), openDatabase({ ...given, limits })];
    expect(usual.transactionOptions).toEqual(TRANSACTION_OPTIONS);
    expect(other.transactionOptions).toEqual(limits);
    for (const { maxWait, timeout } of [TRANSACTION_OPTIONS, BULK_TRANSACTION_OPTIONS])
      expect(Math.min(maxWait, timeout)).toBeGreaterThanOrEqual(10_000);
    await usual.close();
    await other.close();
  });

  test('is not ready when no server listens', async () => {
    const database = openDatabase({
      url: 'postgresql://nobody@127.0.0.1:1/none',
      poolSize: 1,
      applicationName: 'catalog',
    });
    await expect(database.ready()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await database.close();
  });
});
