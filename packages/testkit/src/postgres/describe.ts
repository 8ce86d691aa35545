import type { describe } from '@jest/globals';
import { POSTGRES_URL } from './server.js';

type Describe = typeof describe;

/** A suite that needs PostgreSQL: skipped on a machine that has none (global setup has said so, and CI refuses). */
export function describeWithPostgres(name: string, suite: () => void): void {
  // jest's own global, because importing its module outside a test run throws, and benchmarks use this package too.
  const { describe } = globalThis as unknown as { describe: Describe };
  (process.env[POSTGRES_URL] ? describe : describe.skip)(name, suite);
}
