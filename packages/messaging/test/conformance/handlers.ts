import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import {
  albumEvent,
  DEFAULTS,
  depthOf,
  photoEvent,
  recorder,
  type Suite,
  TOPOLOGY,
  unwantedEvent,
} from './suite.js';

const ONE_AT_A_TIME = { concurrency: 1 };
/** As a newer version has it: this queue delivers one type more. */
const NEWER_TOPOLOGY = { ...TOPOLOGY, 'two.albums': ['album.deleted', 'media.processed'] } as const;

export function describeHandlers({ bus: createBus, create }: Suite): void {
  describe('handlers', () => {
    test('each event type of a queue has its own', async () => {
      const bus = await createBus();
      const [trashed, purged] = [recorder(), recorder()];
      const handlers = { 'photo.trashed': trashed.handler, 'photo.purged': purged.handler };
      await bus.consume('two.photos', handlers, ONE_AT_A_TIME);
      const events = [photoEvent('photo.trashed'), photoEvent('photo.purged')] as const;
      await bus.publish(events);
      await eventually(() => expect(trashed.ids()).toEqual([events[0].id]));
      await eventually(() => expect(purged.ids()).toEqual([events[1].id]));
    });

    test('that miss an event type, or have one too many, are refused before anything is consumed', async () => {
      const bus = await createBus();
      await bus.publish([photoEvent('photo.trashed')]);
      const { handler, seen } = recorder();
      // @ts-expect-error: no handler for photo.purged
      const missing = bus.consume('two.photos', { 'photo.trashed': handler }, ONE_AT_A_TIME);
      await expect(missing).rejects.toThrow('the queue two.photos has no handler for photo.purged');
      const table = { 'photo.trashed': handler, 'photo.purged': handler };
      // @ts-expect-error: album.deleted is not delivered by the queue
      const surplus = bus.consume('two.photos', { ...table, 'album.deleted': handler }, ONE_AT_A_TIME);
      await expect(surplus).rejects.toThrow('the queue two.photos has a handler for album.deleted');
      const noBatch = { ...table, 'photo.purged': { batch: 0, handle: async () => [] } };
      await expect(bus.consume('two.photos', noBatch, ONE_AT_A_TIME)).rejects.toThrow('at least 1');
      await bus.drain();
      expect(seen).toEqual([]);
      expect(await depthOf(bus, 'two.photos')).toMatchObject({ pending: 1 });
    });

    test('an event without a handler is never done: it is retried and becomes a dead letter', async () => {
      const newer = await create(NEWER_TOPOLOGY, DEFAULTS);
      const outcomes: string[] = [];
      const observer = {
        settled: (_queue: string, type: string, outcome: string) => outcomes.push(`${type} ${outcome}`),
      };
      const retry = { maxAttempts: 2, baseDelaySeconds: 1, maxDelaySeconds: 1 };
      const bus = await createBus(TOPOLOGY, { observer, retry });
      const { handler, ids } = recorder();
      const [unknown, fine] = [unwantedEvent(), albumEvent()];
      await newer.publish([unknown, fine]);
      await newer.close();
      await bus.consume('two.albums', { 'album.deleted': handler }, ONE_AT_A_TIME);
      await eventually(async () =>
        expect(await depthOf(bus, 'two.albums')).toMatchObject({ pending: 0, deadLetters: 1 }),
      );
      expect(ids()).toEqual([fine.id]);
      expect(await bus.deadLetters('two.albums', 10)).toMatchObject([
        { event: unknown, reason: expect.stringContaining('no handler for media.processed') },
      ]);
      expect(outcomes.filter((outcome) => outcome.startsWith('media'))).toEqual([
        'media.processed retried',
        'media.processed dead_lettered',
      ]);
    });

    test('run in what is put around each event, which sees whether the event fails', async () => {
      const bus = await createBus(TOPOLOGY, {
        retry: { maxAttempts: 1, baseDelaySeconds: 1, maxDelaySeconds: 1 },
      });
      const [fine, poison] = [albumEvent(), albumEvent()];
      const around: string[] = [];
      const { handler } = recorder(({ event }) => {
        around.push(`${event.id} handled`);
        if (event.id === poison.id) throw new Error('poison');
      });
      await bus.consume(
        'one.albums',
        { 'album.deleted': handler },
        {
          concurrency: 1,
          around: async ({ id }, handle) => {
            around.push(`${id} begins`);
            await handle().finally(() => around.push(`${id} ends`));
            around.push(`${id} succeeds`);
          },
        },
      );
      await bus.publish([fine]);
      await eventually(() => expect(around).toHaveLength(4));
      await bus.publish([poison]);
      await eventually(async () =>
        expect(await depthOf(bus, 'one.albums')).toMatchObject({ deadLetters: 1 }),
      );
      expect(around).toEqual([
        ...['begins', 'handled', 'ends', 'succeeds'].map((word) => `${fine.id} ${word}`),
        ...['begins', 'handled', 'ends'].map((word) => `${poison.id} ${word}`),
      ]);
    });
  });
}
