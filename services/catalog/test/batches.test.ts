import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chunksOf, rowsOf } from '../src/photos/chunks.js';

describe('chunks of work', () => {
  it('keep everything in its order, and are as large as 50 photos and 5,000 rows allow', () => {
    const items = fc.array(fc.integer({ min: 1, max: 8000 }), { maxLength: 300 });
    const small = fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 300 });
    fc.assert(
      fc.property(fc.oneof(items, small), (rows) => {
        const chunks = chunksOf(rows, (count) => count);
        const sum = (chunk: readonly number[] = []) => chunk.reduce((all, count) => all + count, 0);
        expect(chunks.flat()).toEqual(rows);
        for (const [index, chunk] of chunks.entries()) {
          expect(chunk.length).toBeGreaterThan(0);
          expect(chunk.length).toBeLessThanOrEqual(50);
          // A photo that exceeds the limit alone has its own chunk.
          if (chunk.length > 1) expect(sum(chunk)).toBeLessThanOrEqual(5000);
          const [next] = chunks[index + 1] ?? [];
          if (next !== undefined) expect(chunk.length === 50 || sum(chunk) + next > 5000).toBe(true);
        }
      }),
    );
  });

  it('count a row for each tag and each list of a photo', () => {
    expect(rowsOf(undefined, 100)).toBe(1);
    expect(rowsOf({ lists: 1, tags: 0 })).toBe(1);
    expect(rowsOf({ lists: 52, tags: 10 }, 90)).toBe(52 * 101);
  });
});
