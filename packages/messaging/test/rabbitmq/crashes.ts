import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import type { EventDelivery } from '../../src/index.js';
import { albumEvent, depthOf, recorder, TOPOLOGY } from '../conformance/suite.js';
import type { Harness } from './harness.js';

const CHILD = fileURLToPath(new URL('./crash-child.mjs', import.meta.url));
const QUEUE = 'one.albums';
const RETRY = { maxAttempts: 3, baseDelaySeconds: 1, maxDelaySeconds: 1 };

export function describeCrashes({ broker, createBus }: Harness): void {
  /** Starts a consumer in a process of its own, waits until it handles an event, and kills it. Returns what it was handling. */
  const killInHandler = async (batch?: number): Promise<string> => {
    const task = { url: broker.server.url, topology: TOPOLOGY, queue: QUEUE, retry: RETRY, batch };
    const child = spawn(process.execPath, [CHILD, JSON.stringify(task)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGKILL');
    await exited;
    return line.toString().trim();
  };

  describe('a consumer that is killed while it handles an event', () => {
    test('leaves it to another one, as the next attempt', async () => {
      const bus = await createBus({ retry: RETRY });
      const event = albumEvent();
      await bus.publish([event]);
      expect(await killInHandler()).toBe(`${event.id} 1`);
      const { handler, seen } = recorder();
      await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
      await eventually(() => expect(seen).toHaveLength(1));
      expect(seen[0]).toMatchObject({ event, attempt: 2 });
      await eventually(async () => expect(await depthOf(bus, QUEUE)).toMatchObject({ pending: 0 }));
    });

    test('amid a batch: each of its events is delivered again, alone', async () => {
      const bus = await createBus({ retry: RETRY });
      const events = [albumEvent(), albumEvent(), albumEvent()];
      await bus.publish(events);
      for (const line of (await killInHandler(3)).split('\n')) {
        expect(events.map(({ id }) => `${id} 1`)).toContain(line);
      }
      const calls: string[][] = [];
      const handle = async (deliveries: readonly EventDelivery<'album.deleted'>[]) => {
        calls.push(deliveries.map(({ event, attempt }) => `${event.id} ${attempt}`));
        return deliveries.map(() => 'done' as const);
      };
      await bus.consume(QUEUE, { 'album.deleted': { batch: 3, handle } }, { concurrency: 1 });
      // The killed process had all of them: what it had not given to its handler counts as well.
      await eventually(() => expect([...calls].sort()).toEqual(events.map(({ id }) => [`${id} 2`]).sort()));
      await eventually(async () => expect(await depthOf(bus, QUEUE)).toMatchObject({ pending: 0 }));
    });

    test('each time by the same event: that becomes a dead letter, and can be replayed', async () => {
      const settled: string[] = [];
      const observer = { settled: (_queue: string, _type: string, outcome: string) => settled.push(outcome) };
      const bus = await createBus({ retry: RETRY, observer });
      const [poison, fine] = [albumEvent(), albumEvent()];
      await bus.publish([poison]);
      for (const attempt of [1, 2, 3]) expect(await killInHandler()).toBe(`${poison.id} ${attempt}`);
      const { handler, seen, ids } = recorder();
      await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
      await bus.publish([fine]);
      await eventually(() => expect(ids()).toEqual([fine.id]));
      expect(await depthOf(bus, QUEUE)).toMatchObject({ deadLetters: 1 });
      expect(settled.sort()).toEqual(['dead_lettered', 'done']);
      expect(await bus.deadLetters(QUEUE, 10)).toMatchObject([
        { event: poison, reason: expect.stringContaining('the process ended') },
      ]);
      expect(await bus.replayDeadLetters(QUEUE)).toBe(1);
      await eventually(() => expect(seen.at(-1)).toMatchObject({ event: poison, attempt: 1 }));
    });
  });
}
