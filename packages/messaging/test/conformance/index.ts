import { afterEach, beforeEach, describe } from '@jest/globals';
import { describeBatches } from './batches.js';
import { describeConsumers } from './consumers.js';
import { describeDelivery } from './delivery.js';
import { describeDependencies } from './dependencies.js';
import { describeHandlers } from './handlers.js';
import { describeOutages } from './outages.js';
import { describeProperties } from './properties.js';
import { describeRetries } from './retries.js';
import { describeShutdown } from './shutdown.js';
import { type ConformanceOptions, DEFAULTS, type Suite, type TestBus, TOPOLOGY } from './suite.js';

export type { ConformanceOptions } from './suite.js';

/** Declares the tests that make an event bus. Every adapter's test file calls it. */
export function describeEventBus(name: string, options: ConformanceOptions): void {
  describe(`${name} is an event bus`, () => {
    let open: TestBus[] = [];
    beforeEach(() => options.reset());
    afterEach(async () => {
      await options.mend();
      const closing = open.map((bus) => bus.close());
      open = [];
      await Promise.all(closing);
    });
    const suite: Suite = {
      ...options,
      async bus(topology = TOPOLOGY, more = {}) {
        const bus = await options.create(topology, { ...DEFAULTS, ...more });
        open.push(bus);
        return bus;
      },
    };
    describeDelivery(suite);
    describeConsumers(suite);
    describeHandlers(suite);
    describeBatches(suite);
    describeRetries(suite);
    describeDependencies(suite);
    describeShutdown(suite);
    describeOutages(suite);
    describeProperties(suite);
  });
}
