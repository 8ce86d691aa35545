import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PrefixIndex } from '../src/matching/prefix-index.js';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\uFFFF', '😀'), maxLength: 8 });

test('finds all keys that a text begins with, the longest first', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(text, { maxLength: 40 }),
      text,
      fc.integer({ min: 1, max: 10 }),
      (keys, wanted, max) => {
        const index = new PrefixIndex(new Map(keys.map((key) => [key, key])));
        const expected = keys.filter((key) => wanted.startsWith(key)).sort((a, b) => b.length - a.length);
        expect(index.beginningsOf(wanted, max).map(([key]) => key)).toEqual(expected.slice(0, max));
      },
    ),
    { numRuns: 1000 },
  );
});
