import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { createCursor } from '../src/index.js';

describe('a cursor', () => {
  const cursor = createCursor(z.object({ after: z.string(), seq: z.number().int() }));
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('is decoded to its value, and needs no escaping in a URL', () => {
    const value = { after: 'Ä ö/ü?&=+', seq: 2 ** 50 };
    expect(cursor.encode(value)).toMatch(/^[\w-]+$/);
    expect(cursor.decode(cursor.encode(value))).toEqual(value);
  });

  test.each([
    '',
    'x',
    '!!!!',
    encoded('text'),
    encoded(null),
    encoded({ after: 'a' }),
    encoded({ after: 1, seq: 1 }),
    encoded({ after: 'a', seq: 1.5 }),
    cursor.encode({ after: 'abc', seq: 1 }).slice(0, -4),
  ])('that was not made here is refused: %j', (odd) => {
    expect(() => cursor.decode(odd)).toThrow(
      expect.objectContaining({ code: 'invalid_cursor', status: 400 }),
    );
  });
});
