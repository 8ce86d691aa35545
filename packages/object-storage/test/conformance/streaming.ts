import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import { PLAIN, type Suite, uniquePrefix } from './suite.js';

const MIB = 1024 * 1024;
const SIZE = 64 * MIB;
/** What a store may read in advance: some network and disk buffers, but no whole object. */
const BOUND = 8 * MIB;

export function describeStreaming({ store, test }: Suite): void {
  describe('streaming', () => {
    test('streaming', 'a 64 MiB object is stored and read through small buffers', async () => {
      const key = `${uniquePrefix()}large`;
      const sent = createHash('sha256');
      const source = countingStream(SIZE, sent);
      await store().put(key, source.stream, PLAIN);
      expect(source.mostPulledAtOnce()).toBeLessThanOrEqual(BOUND);

      const { info, body } = await store().get(key);
      expect(info.size).toBe(SIZE);
      const received = createHash('sha256');
      let total = 0;
      let furthestAhead = 0;
      for await (const chunk of body) {
        received.update(chunk);
        total += chunk.length;
        // A slow reader: what the store would fetch in advance has the time to arrive.
        for (let turn = 0; turn < 5; turn++) await nextTurn();
        furthestAhead = Math.max(furthestAhead, body.readableLength, chunk.length);
      }
      expect(total).toBe(SIZE);
      expect(received.digest('hex')).toBe(sent.digest('hex'));
      expect(furthestAhead).toBeLessThanOrEqual(BOUND);
      await store().delete(key);
    });

    test('streaming', 'a body that is not needed any more can be destroyed', async () => {
      const key = `${uniquePrefix()}dropped`;
      await store().put(key, Buffer.alloc(4 * MIB), PLAIN);
      for (let round = 0; round < 50; round++) {
        const { body } = await store().get(key);
        if (round % 2 === 0) await body[Symbol.asyncIterator]().next();
        body.destroy();
      }
      await store().delete(key);
    });
  });
}

/**
 * A source that always has more. Within one turn of the event loop nothing that was read can have left for the disk or the
 * network, so a store that reads much in one turn collects it in memory.
 */
function countingStream(size: number, hash: Hash): { stream: Readable; mostPulledAtOnce: () => number } {
  let block = 0;
  let inThisTurn = 0;
  let most = 0;
  const stream = new Readable({
    read() {
      if (block * 65_536 >= size) {
        stream.push(null);
        return;
      }
      if (inThisTurn === 0) {
        setImmediate(() => {
          inThisTurn = 0;
        });
      }
      inThisTurn += 65_536;
      most = Math.max(most, inThisTurn);
      const chunk = Buffer.alloc(65_536, `block ${block++} `);
      hash.update(chunk);
      stream.push(chunk);
    },
  });
  return { stream, mostPulledAtOnce: () => most };
}
