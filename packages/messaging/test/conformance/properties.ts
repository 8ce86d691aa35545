import { describe, expect, test } from '@jest/globals';
import type { AnyEvent } from '@lazyphotos/contracts';
import { eventually } from '@lazyphotos/testkit';
import fc from 'fast-check';
import type { EventResult } from '../../src/port.js';
import {
  albumEvent,
  DEFAULTS,
  forEveryType,
  photoEvent,
  type Suite,
  type TestBus,
  TOPOLOGY,
} from './suite.js';

const RETRY = { maxAttempts: 2, baseDelaySeconds: 1, maxDelaySeconds: 1 };
type Queue = keyof typeof TOPOLOGY;
const QUEUES = Object.keys(TOPOLOGY) as Queue[];

/** What happens to the bus, one after the other. `failures`: how often each queue's handler fails with the event. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      type: fc.constantFrom('album.deleted', 'photo.trashed', 'photo.purged'),
      failures: fc.integer({ min: 0, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('consume' as const),
      queue: fc.constantFrom(...QUEUES),
      concurrency: fc.integer({ min: 1, max: 3 }),
      /** 0: a handler for single events. */
      batch: fc.integer({ min: 0, max: 4 }),
      /** A failing event makes its batch throw. */
      throws: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('replay' as const), queue: fc.constantFrom(...QUEUES) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Consume = Extract<Step, { do: 'consume' }>;

/** Follows one run: which event each queue was sent, has handled, and will still fail with. */
function createModel() {
  const sent = new Map<Queue, Set<string>>(QUEUES.map((queue) => [queue, new Set()]));
  const handled = new Map<Queue, Set<string>>(QUEUES.map((queue) => [queue, new Set()]));
  const failures = new Map<string, number>();
  return {
    sent,
    handled,
    publish: async (bus: TestBus, { type, failures: count }: Extract<Step, { do: 'publish' }>) => {
      const event = type === 'album.deleted' ? albumEvent() : photoEvent(type);
      for (const queue of QUEUES) {
        if (!(TOPOLOGY[queue] as readonly string[]).includes(type)) continue;
        sent.get(queue)?.add(event.id);
        failures.set(`${queue} ${event.id}`, count);
      }
      await bus.publish([event]);
    },
    consume: (bus: TestBus, { queue, concurrency, batch, throws }: Omit<Consume, 'do'>) => {
      const handle = async ({ id }: AnyEvent) => {
        const key = `${queue} ${id}`;
        const left = failures.get(key) ?? 0;
        failures.set(key, left - 1);
        if (left > 0) throw new Error('not yet');
        handled.get(queue)?.add(id);
      };
      const handleBatch = async (deliveries: readonly { event: AnyEvent }[]): Promise<EventResult[]> => {
        const results = await Promise.allSettled(deliveries.map(({ event }) => handle(event)));
        const failed = results.find((result) => result.status === 'rejected');
        if (throws && failed) throw failed.reason;
        return results.map((result) => (result.status === 'fulfilled' ? 'done' : { error: result.reason }));
      };
      const handler = batch === 0 ? handle : { batch, handle: handleBatch };
      return bus.consume(queue, forEveryType(queue, handler), { concurrency });
    },
  };
}

async function run(suite: Suite, steps: readonly Step[]): Promise<void> {
  await suite.reset();
  const model = createModel();
  const create = () => suite.create(TOPOLOGY, { ...DEFAULTS, retry: RETRY });
  let bus = await create();
  for (const action of steps) {
    if (action.do === 'publish') await model.publish(bus, action);
    else if (action.do === 'consume') await model.consume(bus, action);
    else if (action.do === 'replay') await bus.replayDeadLetters(action.queue);
    else {
      await bus.close();
      bus = await create();
    }
  }
  for (const queue of QUEUES) await model.consume(bus, { queue, concurrency: 2, batch: 3, throws: false });
  await eventually(
    async () => {
      for (const queue of QUEUES) await bus.replayDeadLetters(queue);
      expect(model.handled).toEqual(model.sent);
      for (const depth of await bus.depths()) expect(depth).toMatchObject({ pending: 0, deadLetters: 0 });
    },
    { intervalMs: 300 },
  ).finally(() => bus.close());
}

export function describeProperties(suite: Suite): void {
  describe('any steps in any order', () => {
    test('every event is handled by every queue that receives its type, and none is lost', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 15 }), (steps) => run(suite, steps)),
        { numRuns: suite.propertyRuns ?? 5, endOnFailure: true },
      );
    });
  });
}
