import type { BusOptions } from '../../src/index.js';
import { QUICK_RETRY, type TestBus, TOPOLOGY } from '../conformance/suite.js';
import { createTestBroker, type TestBroker } from './broker.js';

export interface Harness {
  broker: TestBroker;
  /** On TOPOLOGY and with quick retries by default; closed after the test. */
  createBus(options?: Partial<BusOptions<typeof TOPOLOGY>>): Promise<TestBus>;
}

export function createHarness(): Harness & { closeBuses(): Promise<void> } {
  const broker = createTestBroker();
  const open: TestBus[] = [];
  return {
    broker,
    createBus: async (options = {}) => {
      const defaults = { topology: TOPOLOGY, retry: QUICK_RETRY, drainMs: 60_000 };
      const bus = await broker.createBus({ ...defaults, ...options });
      open.push(bus);
      return bus;
    },
    closeBuses: async () => {
      await Promise.all(open.splice(0).map((bus) => bus.close()));
    },
  };
}
