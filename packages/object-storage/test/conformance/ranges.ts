import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect } from '@jest/globals';
import { expectSameBytes, PLAIN, rejectsWith, type Suite, uniquePrefix } from './suite.js';

const SIZE = 400_000;

export function describeRanges({ store, test }: Suite): void {
  describe('ranges', () => {
    const key = `${uniquePrefix()}ranged`;
    const bytes = randomBytes(SIZE);
    beforeAll(async () => {
      await store().put(key, bytes, PLAIN);
    });

    const cases: [string, number, number][] = [
      ['the first byte', 0, 0],
      ['the last byte', SIZE - 1, SIZE - 1],
      ['the middle', 65_535, 200_000],
      ['everything', 0, SIZE - 1],
      ['an end behind the last byte', SIZE - 10, SIZE + 1000],
      ['an end that is not known', SIZE - 10, Number.MAX_SAFE_INTEGER],
    ];
    for (const [title, start, end] of cases) {
      test('ranges', title, async () => {
        const { info, body } = await store().get(key, { start, end });
        expectSameBytes(await buffer(body), bytes.subarray(start, end + 1));
        expect(info.size).toBe(SIZE);
      });
    }

    test('ranges', 'a range without a byte of the object is refused', async () => {
      await rejectsWith(store().get(key, { start: SIZE, end: SIZE + 5 }), 'invalid_range');
      await rejectsWith(store().get(key, { start: 5, end: 4 }), 'invalid_range');
      await rejectsWith(store().get(key, { start: -1, end: 4 }), 'invalid_range');
    });
  });
}
