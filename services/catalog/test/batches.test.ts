import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { batchesOf, rowsOf } from '../src/photos/batches.js';

describe('batches of work', () => {
  it('keep everything in its order, and are as large as 50 photos and 5,000 rows allow', () => {
    const items = fc.array(fc.integer({ min: 1, max: 8000 }), { maxLength: 300 });
    const small = fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 300 });
    fc.assert(
      fc.property(fc.oneof(items, small), (rows) => {
        const batches = batchesOf(rows, (count) => count);
        const sum = (batch: readonly number[] = []) => batch.reduce((all, count) => all + count, 0);
        expect(batches.flat()).toEqual(rows);
        for (const [index, batch] of batches.entries()) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(50);
          // A photo that exceeds the limit alone has its own batch.
          if (batch.length > 1) expect(sum(batch)).toBeLessThanOrEqual(5000);
          const [next] = batches[index + 1] ?? [];
          if (next !== undefined) expect(batch.length === 50 || sum(batch) + next > 5000).toBe(true);
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
