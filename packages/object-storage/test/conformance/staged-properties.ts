import { randomBytes } from 'node:crypto';
import { describe } from '@jest/globals';
import fc from 'fast-check';
import type { StoredPart } from '../../src/port.js';
import { brokenStream, expectSameBytes, read, type Suite, stage, uniquePrefix } from './suite.js';

/** One thing a phone on a bad line does to a part. */
interface Attempt {
  part: number;
  outcome: 'whole' | 'other-bytes' | 'breaks-off' | 'too-short';
}

export function describeStagedProperties(suite: Suite): void {
  const { store, test, partSize, propertyRuns } = suite;
  const attempts = fc.array(
    fc.record<Attempt>({
      part: fc.nat(5),
      outcome: fc.constantFrom('whole', 'other-bytes', 'breaks-off', 'too-short'),
    }),
    { maxLength: 12 },
  );
  const shapes = fc.record({
    partSize: fc.integer({ min: partSize, max: partSize * 2 }),
    fullParts: fc.nat(4),
    rest: fc.integer({ min: 1, max: partSize }),
    attempts,
    together: fc.boolean(),
    order: fc.infiniteStream(fc.nat()),
  });

  describe('any staged upload', () => {
    test('repeated-parts', 'has the bytes of the last writes, in any order of the writes', async () => {
      const property = fc.asyncProperty(shapes, async (shape) => {
        const key = `${uniquePrefix()}any`;
        const staged = await stage(suite, key, shape.partSize * shape.fullParts + shape.rest, shape.partSize);
        const attempt = async ({ part, outcome }: Attempt): Promise<unknown> => {
          const index = part % staged.count;
          const { length } = staged.part(index);
          if (outcome === 'whole') return staged.write(index);
          if (outcome === 'other-bytes') return staged.write(index, randomBytes(length));
          if (outcome === 'too-short') return staged.write(index, randomBytes(length - 1));
          return store().writePart(staged.upload, index, brokenStream(randomBytes(length >> 1), 'error'));
        };
        if (shape.together) await Promise.allSettled(shape.attempts.map(attempt));
        else for (const one of shape.attempts) await attempt(one).catch(() => {});

        const indexes = shuffled(staged.count, shape.order);
        const last = await Promise.all(indexes.map((index) => staged.write(index)));
        const parts: StoredPart[] = last.toSorted((a, b) => a.index - b.index);
        await store().completeUpload(staged.upload, parts);
        expectSameBytes(await read(store(), key), staged.bytes);
        await store().delete(key);
      });
      await fc.assert(property, { numRuns: propertyRuns });
    });
  });
}

function shuffled(count: number, order: Iterable<number>): number[] {
  const ranks = order[Symbol.iterator]();
  return Array.from({ length: count }, (_, index) => ({ index, rank: Number(ranks.next().value) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ index }) => index);
}
