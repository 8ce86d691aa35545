import type { EventBus } from '../../src/index.js';
import { QUICK_RETRY, TOPOLOGY } from '../../src/testing/suite.js';
import { createTestBroker, type TestBroker } from './broker.js';

type BusOptions = Parameters<TestBroker['createBus']>[0];

export interface Harness {
  broker: TestBroker;
  /** On TOPOLOGY and with quick retries, unless told otherwise; closed after the test. */
  createBus(options?: Partial<BusOptions>): Promise<EventBus>;
}

export function createHarness(): Harness & { closeBuses(): Promise<void> } {
  const broker = createTestBroker();
  const open: EventBus[] = [];
  return {
    broker,
    createBus: async (options = {}) => {
      const bus = await broker.createBus({
        topology: TOPOLOGY,
        retry: QUICK_RETRY,
        drainMs: 60_000,
        ...options,
      });
      open.push(bus);
      return bus;
    },
    closeBuses: async () => {
      await Promise.all(open.splice(0).map((bus) => bus.close()));
    },
  };
}
