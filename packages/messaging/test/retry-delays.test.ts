import { describe, expect, test } from '@jest/globals';
import { DEFAULT_RETRY_POLICY } from '../src/index.js';
import { delaySeconds } from '../src/port.js';
import { delaysOf, jitteredMs } from '../src/rabbitmq/topology.js';

describe('retry delays', () => {
  test('double with each failure up to the longest, and each has one queue', () => {
    const policy = { maxAttempts: 7, baseDelaySeconds: 5, maxDelaySeconds: 50 };
    expect([1, 2, 3, 4, 5, 6].map((failures) => delaySeconds(failures, policy))).toEqual([
      5, 10, 20, 40, 50, 50,
    ]);
    expect(delaysOf(policy)).toEqual([5, 10, 20, 40, 50]);
    expect(delaysOf({ ...policy, maxAttempts: 1 })).toEqual([5]);
  });

  test('of the default policy make the last delivery come after about half an hour', () => {
    const seconds = delaysOf(DEFAULT_RETRY_POLICY).reduce((sum, delay) => sum + delay, 0);
    expect(seconds).toBeGreaterThan(15 * 60);
    expect(2 * seconds).toBeLessThan(40 * 60);
  });

  test('are at most twice as long by jitter, and never longer than the longest', () => {
    const policy = { maxAttempts: 5, baseDelaySeconds: 2, maxDelaySeconds: 7 };
    expect([0, 0.5, 1].map((random) => jitteredMs(2, policy, random))).toEqual([2000, 3000, 4000]);
    expect([0, 1].map((random) => jitteredMs(4, policy, random))).toEqual([4000, 7000]);
    expect([0, 1].map((random) => jitteredMs(7, policy, random))).toEqual([7000, 7000]);
  });
});
