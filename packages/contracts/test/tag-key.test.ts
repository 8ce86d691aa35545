import { expect, test } from '@jest/globals';
import { tagKey } from '../src/index.js';

test.each([
  ['Sea', 'SEA'],
  ['Straße', 'STRASSE'],
  ['STRAẞE', 'straße'],
  ['ΟΔΟΣ', 'οδος'],
  ['été', 'E\u0301TE\u0301'],
  ['  two words ', 'Two Words'],
  ['İstanbul', 'i\u0307stanbul'],
])('%j and %j are one tag', (one, other) => {
  expect(tagKey(one)).toBe(tagKey(other));
});

test.each([
  ['sea', 'see'],
  ['resume', 'résumé'],
  ['ılık', 'ilik'],
  ['two words', 'two  words'],
])('%j and %j are two', (one, other) => {
  expect(tagKey(one)).not.toBe(tagKey(other));
});

test('the key of a key is the key, and no character has another one than its upper or lower case', () => {
  const differing = [];
  for (let code = 0; code < 0x110000; code += 1) {
    const one = String.fromCodePoint(code);
    const key = tagKey(one);
    if (tagKey(key) !== key || tagKey(one.toLowerCase()) !== key) differing.push(one);
    // The upper case of dotless i is I, the other letter.
    if (tagKey(one.toUpperCase()) !== key && one !== 'ı') differing.push(one);
  }
  expect(differing).toEqual([]);
});
