import { describe, expect, it } from '@jest/globals';
import { argon2Hasher, createPasswords, type PasswordHasher } from '../src/passwords.js';

describe('the password hasher', () => {
  it('treats the same letters as equal in any encoding', async () => {
    const hash = await argon2Hasher.hash('Zürich-Straße');
    expect(await argon2Hasher.verify(hash, 'Zu\u0308rich-Straße')).toBe(true);
    expect(await argon2Hasher.verify(hash, 'Zurich-Straße')).toBe(false);
  });

  it('has a dummy that matches no password', async () => {
    const passwords = createPasswords(argon2Hasher);
    for (const password of ['', '\0', 'a password']) {
      expect(await passwords.verify(undefined, password)).toBe(false);
    }
  });
});

describe('the limit', () => {
  const hasherOf = (hash: PasswordHasher['hash']): PasswordHasher => ({ ...argon2Hasher, hash });

  it('runs one after the other in order, and refuses more than may wait', async () => {
    const order: string[] = [];
    let running = 0;
    const hasher = hasherOf(async (password) => {
      running += 1;
      expect(running).toBe(1);
      await null;
      order.push(password);
      running -= 1;
      return password;
    });
    const passwords = createPasswords(hasher, { running: 1, waiting: 2 });
    const results = await Promise.allSettled(['1', '2', '3', '4'].map((text) => passwords.hash(text)));
    expect(order).toEqual(['1', '2', '3']);
    expect(results[3]).toMatchObject({ status: 'rejected', reason: { code: 'service_unavailable' } });
    expect(await passwords.hash('5')).toBe('5');
  });

  it('is free again after work that failed', async () => {
    const failing = hasherOf(async (password) => {
      if (password === 'bad') throw new Error('not expected');
      return password;
    });
    const passwords = createPasswords(failing, { running: 1, waiting: 0 });
    await expect(passwords.hash('bad')).rejects.toThrow('not expected');
    expect(await passwords.hash('next')).toBe('next');
  });
});
