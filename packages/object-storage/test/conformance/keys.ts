import { Readable } from 'node:stream';
import { describe, expect } from '@jest/globals';
import { collect, keysOf, PLAIN, read, rejectsWith, type Suite, uniquePrefix } from './suite.js';

const INVALID: [string, string][] = [
  ['empty', ''],
  ['absolute', '/etc/passwd'],
  ['climbing', '../outside'],
  ['climbing inside', 'a/../../outside'],
  ['a lone ..', '..'],
  ['a . segment', 'a/./b'],
  ['an empty segment', 'a//b'],
  ['a trailing slash', 'a/'],
  ['a NUL', 'a\0b'],
  ['a backslash', 'a\\..\\b'],
  ['a space', 'a b'],
  ['a newline at the end', 'a\n'],
  ['a percent escape', 'a%2e%2e/b'],
  ['another script', 'фото'],
  ['a colon', 'c:evil'],
  ['a segment that no file system takes', 'x'.repeat(300)],
  ['longer than S3 takes', Array.from({ length: 120 }, () => 'segment8').join('/')],
];

export function describeKeys({ store, test }: Suite): void {
  describe('keys', () => {
    for (const [title, key] of INVALID) {
      test('keys', `${title} is refused everywhere: ${JSON.stringify(key.slice(0, 30))}`, async () => {
        await rejectsWith(store().put(key, Buffer.from('x'), PLAIN), 'invalid_key');
        await rejectsWith(store().put(key, Readable.from([Buffer.from('x')]), PLAIN), 'invalid_key');
        await rejectsWith(store().head(key), 'invalid_key');
        await rejectsWith(store().get(key), 'invalid_key');
        await rejectsWith(store().delete(key), 'invalid_key');
        await rejectsWith(store().beginUpload(key, 1, 5 * 1024 * 1024, PLAIN), 'invalid_key');
      });
    }

    test('keys', 'every allowed letter can be used', async () => {
      const prefix = uniquePrefix();
      const keys = [
        `${prefix}AZaz09._-`,
        `${prefix}..a`,
        `${prefix}.hidden/-x`,
        `${prefix}a.json`,
        `${prefix}a`,
      ];
      for (const key of keys) await store().put(key, Buffer.from(key), PLAIN);
      for (const key of keys) expect((await read(store(), key)).toString()).toBe(key);
      expect(await keysOf(store(), prefix)).toEqual([...keys].sort());
    });

    test('keys', 'an invalid prefix is refused', async () => {
      for (const prefix of ['../', '/', 'a/../b', 'a\\b', 'a//', 'a\0', 'a b']) {
        await rejectsWith(collect(store().list(prefix)), 'invalid_key');
      }
    });
  });
}
