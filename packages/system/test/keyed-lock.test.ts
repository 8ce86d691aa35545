import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { KeyedLock } from '../src/index.js';

test('runs work of one key in the order of the calls, one at a time, and continues after an error', async () => {
  const lock = new KeyedLock();
  const seen: string[] = [];
  const work = (name: string, fails = false) =>
    lock.run('key', async () => {
      seen.push(`${name} begins`);
      await setImmediate();
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([work('a'), work('b', true), work('c')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('does not let one key wait for another', async () => {
  const lock = new KeyedLock();
  let release = () => {};
  const held = lock.run(
    'a',
    () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }),
  );
  expect(await lock.run('b', async () => 'done')).toBe('done');
  release();
  await held;
});

test('work that waits keeps the context of its caller', async () => {
  const lock = new KeyedLock();
  const request = new AsyncLocalStorage<string>();
  const names = ['a', 'b', 'c'];
  const seen = await Promise.all(
    names.map((name) =>
      request.run(name, () =>
        lock.run('key', async () => {
          await setImmediate();
          return request.getStore();
        }),
      ),
    ),
  );
  expect(seen).toEqual(names);
});

test('takes more than a thousand waiters of one key', async () => {
  const lock = new KeyedLock();
  const results = await Promise.all(
    Array.from({ length: 1500 }, (_, index) => lock.run('key', async () => index)),
  );
  expect(results.at(-1)).toBe(1499);
});
