import { expect, test } from '@jest/globals';
import type { AnyEvent } from '@lazyphotos/contracts';
import { QueueHandlers } from '../src/handlers.js';
import { albumEvent, QUICK_RETRY, TOPOLOGY } from './conformance/suite.js';

const away = new Error('the store is away');

/** The handlers of a queue on which one event fails each time, in what looks like an outage. */
function createHandlers(poison: AnyEvent) {
  const handler = async ({ id }: { id: string }) => {
    if (id === poison.id) throw away;
  };
  const options = { isOutage: (error: unknown) => error === away };
  const handlers = new QueueHandlers(
    TOPOLOGY,
    'one.albums',
    { 'album.deleted': handler },
    QUICK_RETRY,
    options,
  );
  return async (event: AnyEvent) => {
    const { signal } = new AbortController();
    const [result] = await handlers.handle([{ content: { event }, attempt: 1, signal }]);
    return result;
  };
}

test('an event that fails again and again while others succeed has failed in the end', async () => {
  const poison = albumEvent();
  const handle = createHandlers(poison);
  expect(await handle(poison)).toEqual({ error: away, isOutage: true });
  for (let count = 1; count < 10; count += 1) {
    expect(await handle(albumEvent())).toBe('done');
    expect(await handle(poison)).toEqual({ error: away, isOutage: true });
  }
  expect(await handle(albumEvent())).toBe('done');
  expect(await handle(poison)).toEqual({ error: away, isOutage: false });
  // Nothing shows that this one is not an outage.
  expect(await handle(poison)).toEqual({ error: away, isOutage: true });
});

test('an outage in which nothing succeeds never counts', async () => {
  const poison = albumEvent();
  const handle = createHandlers(poison);
  await handle(albumEvent());
  for (let count = 1; count <= 100; count += 1)
    expect(await handle(poison)).toEqual({ error: away, isOutage: true });
});
