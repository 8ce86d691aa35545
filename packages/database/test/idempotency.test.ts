import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { IdempotencyKeyReusedError, type IdempotentRequest, once } from '../src/index.js';
import { createTestTables, type TestTables } from './helpers.js';

describeWithPostgres('once', () => {
  let tables: TestTables;
  let request: IdempotentRequest;
  let runs: number;
  beforeEach(async () => {
    tables = await createTestTables();
    request = { userId: randomUUID(), key: 'a-key', fingerprint: 'what it asks for' };
    runs = 0;
  });
  afterEach(() => tables.close());

  const work = async () => {
    runs += 1;
    return { id: runs, name: 'Holidays' };
  };
  /** Resolves when this many requests wait for another one. */
  const untilWaiting = (count: number) =>
    eventually(async () => {
      const { rows } = await tables.database.pool.query(
        `SELECT count(*)::int AS count FROM pg_stat_activity
          WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      expect(rows).toEqual([{ count }]);
    });
  const ask = <T>(asked: IdempotentRequest, what: () => Promise<T>) =>
    tables.client.$transaction((tx) => once(tx, asked, what));

  test('returns the first result for a repeat, without running the work again', async () => {
    expect(await ask(request, work)).toEqual({ id: 1, name: 'Holidays' });
    expect(await ask(request, work)).toEqual({ id: 1, name: 'Holidays' });
    expect(runs).toBe(1);
  });

  test('a result may be empty', async () => {
    const nothing = async () => {
      runs += 1;
    };
    await ask(request, nothing);
    await ask(request, nothing);
    expect(runs).toBe(1);
  });

  test('keys of other users, and other keys, are other requests', async () => {
    await ask(request, work);
    await ask({ ...request, key: 'another-key' }, work);
    await ask({ ...request, userId: randomUUID() }, work);
    expect(runs).toBe(3);
  });

  test('a user who has the key of another one gets only his own results', async () => {
    const other = { ...request, userId: randomUUID() };
    expect(await ask(request, work)).toMatchObject({ id: 1 });
    expect(await ask(other, work)).toMatchObject({ id: 2 });
    const third = { ...request, userId: randomUUID(), fingerprint: 'something else' };
    expect(await ask(third, work)).toMatchObject({ id: 3 });
    for (const [asked, id] of [
      [request, 1],
      [other, 2],
      [third, 3],
      [request, 1],
    ] as const)
      expect(await ask(asked, work)).toMatchObject({ id });
    expect(runs).toBe(3);
  });

  test('a key that was used for another request is refused', async () => {
    await ask(request, work);
    const other = ask({ ...request, fingerprint: 'something else' }, work);
    await expect(other).rejects.toBeInstanceOf(IdempotencyKeyReusedError);
    await expect(other).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    expect(runs).toBe(1);
  });

  test('a failure is not stored', async () => {
    const failing = ask(request, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await tables.count('idempotency_keys')).toBe(0);
    expect(await ask(request, work)).toMatchObject({ id: 1 });
  });

  test('concurrent requests wait for the first and get its result', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = async () => {
      const answer = await work();
      await gate;
      return answer;
    };
    const asked = [ask(request, slow), ask(request, slow), ask(request, slow)];
    await untilWaiting(2);
    release();
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 3 }, () => ({ id: 1, name: 'Holidays' })));
    expect(runs).toBe(1);
  });

  test('when the first fails, one that waited for it runs the work', async () => {
    const failing = ask(request, async () => {
      runs += 1;
      await untilWaiting(1);
      throw new Error('no');
    });
    const waiting = eventually(() => expect(runs).toBe(1)).then(() => ask(request, work));
    await expect(failing).rejects.toThrow('no');
    expect(await waiting).toMatchObject({ id: 2 });
  });

  test('is forgotten after a day', async () => {
    await ask(request, work);
    const age = (hours: number) =>
      tables.database.pool.query(
        `UPDATE idempotency_keys SET created_at = now() - make_interval(hours => ${hours})`,
      );
    await age(23);
    expect(await ask(request, work)).toMatchObject({ id: 1 });
    await age(25);
    expect(await ask({ ...request, fingerprint: 'something else' }, work)).toMatchObject({ id: 2 });
    expect(await tables.count('idempotency_keys')).toBe(1);
  });
});
