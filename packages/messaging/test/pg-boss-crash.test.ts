import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AnyEvent } from '@lazyphotos/contracts';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { createPgBossBus, type EventDelivery, type PgBossBusOptions } from '../src/index.js';
import { createTestBroker } from './broker.js';
import { albumEvent, depthOf, recorder, type TestBus, TOPOLOGY } from './conformance/suite.js';

const CHILD = fileURLToPath(new URL('./crash-child.mjs', import.meta.url));
const QUEUE = 'one.albums';
const RETRY = { maxAttempts: 3, baseDelaySeconds: 1, maxDelaySeconds: 1 };

describeWithPostgres('a consumer that is killed while it handles an event', () => {
  const broker = createTestBroker();
  const open: TestBus[] = [];
  beforeEach(() => broker.reset());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((bus) => bus.close()));
  });
  afterAll(() => broker.close());

  const createBus = async (more: Partial<PgBossBusOptions<typeof TOPOLOGY>> = {}) => {
    const bus = await createPgBossBus({
      url: broker.url(),
      topology: TOPOLOGY,
      retry: RETRY,
      heartbeatSeconds: 10,
      ...more,
    });
    open.push(bus);
    return bus;
  };

  const startChild = (more: object) => {
    const task = { url: broker.url(), topology: TOPOLOGY, queue: QUEUE, retry: RETRY, ...more };
    const child = spawn(process.execPath, [CHILD, JSON.stringify(task)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    return {
      nextOutput: async () => {
        const [line] = (await once(child.stdout, 'data')) as [Buffer];
        return line.toString().trim();
      },
      finish: () => child.stdin.end(),
      kill: async () => {
        child.kill('SIGKILL');
        await exited;
      },
    };
  };

  /** Starts a consumer in a process of its own, waits until it handles an event, and kills it. Returns what it was handling. */
  const killInHandler = async (batch?: number, publish?: AnyEvent): Promise<string> => {
    const child = startChild({ batch, publish });
    const output = await child.nextOutput();
    await child.kill();
    return output;
  };

  /** The next process, alone on the bus, gets the event at once. */
  const expectSecondDelivery = async (event: AnyEvent) => {
    const { handler, seen } = recorder();
    const successor = await createBus({ exclusive: true });
    await successor.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
    await eventually(() => expect(seen).toHaveLength(1));
    expect(seen[0]).toMatchObject({ event, attempt: 2 });
    await eventually(async () => expect(await depthOf(successor, QUEUE)).toMatchObject({ pending: 0 }));
  };

  test('its event is delivered again, once its heartbeat has run out', async () => {
    const bus = await createBus();
    const event = albumEvent();
    await bus.publish([event]);
    expect(await killInHandler()).toBe(`${event.id} 1`);
    const { handler, seen } = recorder();
    await bus.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
    await eventually(() => expect(seen).toHaveLength(1));
    expect(seen[0]).toMatchObject({ event, attempt: 2 });
  });

  test('each event of its batch is delivered again, alone', async () => {
    const events = [albumEvent(), albumEvent(), albumEvent()];
    await (await createBus()).publish(events);
    expect((await killInHandler(3)).split('\n').sort()).toEqual(events.map(({ id }) => `${id} 1`).sort());
    const calls: string[][] = [];
    const handle = async (deliveries: readonly EventDelivery<'album.deleted'>[]) => {
      calls.push(deliveries.map(({ event, attempt }) => `${event.id} ${attempt}`));
      return deliveries.map(() => 'done' as const);
    };
    const successor = await createBus({ exclusive: true });
    await successor.consume(QUEUE, { 'album.deleted': { batch: 3, handle } }, { concurrency: 1 });
    await eventually(() => expect([...calls].sort()).toEqual(events.map(({ id }) => [`${id} 2`]).sort()));
  });

  test('its event is delivered again at once to an exclusive successor', async () => {
    // An event keeps the heartbeat of its queue: only after an hour its consumer would count as dead.
    const publisher = await createBus({ heartbeatSeconds: 3600 });
    const event = albumEvent();
    await publisher.publish([event]);
    await killInHandler();
    await expectSecondDelivery(event);
  });

  test('an event that it has published itself, and that was handed over, is delivered again', async () => {
    await createBus();
    const event = albumEvent();
    expect(await killInHandler(undefined, event)).toBe(`${event.id} 1`);
    await expectSecondDelivery(event);
  });

  test('an event that it has handled, but not settled, is delivered again', async () => {
    await (await createBus()).close();
    const event = albumEvent();
    const child = startChild({ publish: event, cut: true });
    expect(await child.nextOutput()).toBe(`${event.id} 1`);
    // What it does from now on reaches no table.
    await broker.cut();
    child.finish();
    expect(await child.nextOutput()).toBe('done');
    await child.kill();
    await broker.mend();
    const { handler, seen } = recorder();
    const successor = await createBus({ exclusive: true });
    await successor.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
    await eventually(() => expect(seen).toHaveLength(1));
    expect(seen[0]).toMatchObject({ event, attempt: 2 });
  });

  test('an event that kills every process ends among the dead letters, and can be replayed', async () => {
    const publisher = await createBus();
    const [poison, fine] = [albumEvent(), albumEvent()];
    await publisher.publish([poison]);
    for (const attempt of [1, 2, 3]) expect(await killInHandler()).toBe(`${poison.id} ${attempt}`);
    const successor = await createBus({ exclusive: true });
    const { handler, seen, ids } = recorder();
    await successor.consume(QUEUE, { 'album.deleted': handler }, { concurrency: 1 });
    await successor.publish([fine]);
    await eventually(() => expect(ids()).toEqual([fine.id]));
    expect(await depthOf(successor, QUEUE)).toMatchObject({ deadLetters: 1 });
    expect(await successor.deadLetters(QUEUE, 10)).toMatchObject([
      { event: poison, reason: expect.stringContaining('the process ended') },
    ]);
    expect(await successor.replayDeadLetters(QUEUE)).toBe(1);
    await eventually(() => expect(seen.at(-1)).toMatchObject({ event: poison, attempt: 1 }));
  });
});
