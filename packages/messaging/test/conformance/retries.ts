import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { albumEvent, depthOf, nothingMoreFrom, recorder, type Suite, TOPOLOGY } from './suite.js';

const ONE_AT_A_TIME = { concurrency: 1 };

interface Settlement {
  outcome: string;
  type: string;
  error?: unknown;
}

function observing() {
  const settled: Settlement[] = [];
  return {
    settled,
    observer: {
      settled: (_queue: string, type: string, outcome: string, error?: unknown) =>
        settled.push({ type, outcome, ...(error === undefined ? {} : { error }) }),
    },
  };
}

export function describeRetries({ bus: createBus }: Suite): void {
  describe('retries', () => {
    test('a failing handler gets the event again, counted and later each time', async () => {
      const { settled, observer } = observing();
      const retry = { maxAttempts: 5, baseDelaySeconds: 1, maxDelaySeconds: 60 };
      const bus = await createBus(TOPOLOGY, { retry, observer });
      const { handler, seen } = recorder(({ attempt }) => {
        if (attempt < 3) throw new Error('not yet');
      });
      await bus.consume('one.albums', { 'album.deleted': handler }, ONE_AT_A_TIME);
      const event = albumEvent();
      await bus.publish([event]);
      await eventually(() => expect(settled).toHaveLength(3));
      expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(seen.map((entry) => entry.event)).toEqual([event, event, event]);
      const [first = 0, second = 0, third = 0] = seen.map(({ at }) => at);
      expect(second - first).toBeGreaterThanOrEqual(900);
      expect(third - second).toBeGreaterThanOrEqual(1800);
      expect(settled.map(({ outcome }) => outcome)).toEqual(['retried', 'retried', 'done']);
      expect(settled[0]).toEqual({ type: 'album.deleted', outcome: 'retried', error: new Error('not yet') });
      await eventually(async () =>
        expect(await depthOf(bus, 'one.albums')).toEqual({
          queue: 'one.albums',
          pending: 0,
          deadLetters: 0,
        }),
      );
    });

    test('a failing event does not delay the next one', async () => {
      // Neither the next poll nor the poison's next try brings the other event.
      const retry = { maxAttempts: 2, baseDelaySeconds: 3600, maxDelaySeconds: 3600 };
      const bus = await createBus(TOPOLOGY, { retry, neverPolls: true });
      const poison = albumEvent();
      const { handler, ids } = recorder(({ event }) => {
        if (event.id === poison.id) throw new Error('poison');
      });
      await bus.consume('one.albums', { 'album.deleted': handler }, ONE_AT_A_TIME);
      const fine = albumEvent();
      await bus.publish([poison, fine]);
      await eventually(() => expect(ids()).toContain(fine.id));
    });

    test('after the last attempt an event is a dead letter, with its reason, and is counted', async () => {
      const { settled, observer } = observing();
      const retry = { maxAttempts: 2, baseDelaySeconds: 1, maxDelaySeconds: 1 };
      const bus = await createBus(TOPOLOGY, { retry, observer });
      const { handler, seen } = recorder(() => {
        throw new TypeError('cannot read this photo');
      });
      await bus.consume('one.albums', { 'album.deleted': handler }, ONE_AT_A_TIME);
      const event = albumEvent();
      const before = Date.now();
      await bus.publish([event]);
      await eventually(async () => {
        expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 0, deadLetters: 1 });
      });
      await nothingMoreFrom(['one.albums'], [bus], createBus);
      expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(settled.map(({ outcome }) => outcome)).toEqual(['retried', 'dead_lettered']);
      const later = await createBus(TOPOLOGY, { retry, isBeside: true });
      const [letter, ...others] = await later.deadLetters('one.albums', 10);
      expect(others).toEqual([]);
      expect(letter?.event).toEqual(event);
      expect(letter?.reason).toBe('TypeError: cannot read this photo');
      expect(letter?.failedAt.getTime()).toBeGreaterThan(before - 1000);
      // The other queue that delivers the event still has it: dead letters belong to a queue.
      expect(await depthOf(later, 'two.albums')).toMatchObject({ pending: 1, deadLetters: 0 });
      expect(await later.deadLetters('two.albums', 10)).toEqual([]);
    });

    test('replayed dead letters are delivered again, with fresh attempts', async () => {
      const retry = { maxAttempts: 2, baseDelaySeconds: 1, maxDelaySeconds: 1 };
      const bus = await createBus(TOPOLOGY, { retry });
      let broken = true;
      const { handler, seen } = recorder(() => {
        if (broken) throw new Error('the disk is full');
      });
      await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 3 });
      const events = [albumEvent(), albumEvent(), albumEvent()];
      await bus.publish(events);
      const deadLetters = () => depthOf(bus, 'one.albums');
      await eventually(async () => expect(await deadLetters()).toMatchObject({ deadLetters: 3 }));
      expect(await bus.deadLetters('one.albums', 2)).toHaveLength(2);

      // Still broken: they become dead letters again after as many attempts as at first.
      expect(await bus.replayDeadLetters('one.albums')).toBe(3);
      await eventually(async () => {
        expect(seen).toHaveLength(12);
        expect(await deadLetters()).toMatchObject({ pending: 0, deadLetters: 3 });
      });
      expect(seen.slice(6).map(({ attempt }) => attempt)).toEqual(expect.arrayContaining([1, 2]));

      broken = false;
      seen.length = 0;
      expect(await bus.replayDeadLetters('one.albums')).toBe(3);
      await eventually(async () => expect(await deadLetters()).toMatchObject({ pending: 0, deadLetters: 0 }));
      expect(seen.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      expect(seen.map(({ event }) => event.id).sort()).toEqual(events.map(({ id }) => id).sort());
      expect(await bus.replayDeadLetters('one.albums')).toBe(0);
    });
  });
}
