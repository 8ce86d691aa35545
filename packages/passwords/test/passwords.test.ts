import { describe, expect, it } from '@jest/globals';
import { argon2Hasher, createBound, createPasswords } from '../src/index.js';

const fail = () => Promise.reject(new Error('not expected to be called'));

describe('the password hasher', () => {
  it('takes the same letters for the same, however they are written', async () => {
    const hash = await argon2Hasher.hash('Zürich-Straße');
    expect(await argon2Hasher.verify(hash, 'Zu\u0308rich-Straße')).toBe(true);
    expect(await argon2Hasher.verify(hash, 'Zurich-Straße')).toBe(false);
  });

  it('has a dummy that nothing matches', async () => {
    const passwords = createPasswords(argon2Hasher);
    for (const password of ['', '\0', 'a password']) {
      expect(await passwords.verify(undefined, password)).toBe(false);
    }
  });
});

describe('a bound', () => {
  it('serves in order, and refuses who would have to wait too long', async () => {
    const bounded = createBound({ running: 1, waiting: 2 });
    const order: number[] = [];
    const results = await Promise.allSettled(
      [1, 2, 3, 4].map((number) => bounded(async () => order.push(number))),
    );
    expect(order).toEqual([1, 2, 3]);
    expect(results[3]).toMatchObject({ status: 'rejected', reason: { code: 'service_unavailable' } });
    expect(await bounded(async () => 5)).toBe(5);
  });

  it('frees the place of work that failed', async () => {
    const bounded = createBound({ running: 1, waiting: 0 });
    await expect(bounded(fail)).rejects.toThrow('not expected');
    expect(await bounded(async () => 'next')).toBe('next');
  });
});
