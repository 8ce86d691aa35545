export interface Teardown {
  /** Adds a step; the steps run from the last one to the first. */
  defer(step: () => Promise<unknown>): void;
  /** Runs the steps once, however often it is called, and all of them when some fail. */
  run(): Promise<void>;
}

/** Those of this test file that have not run. */
const OPEN = new Set<Teardown>();

/**
 * Ends what a test has started. What a test that fails, or a start that fails half-way, does not end itself, is ended after the last test
 * of the file: an open server, pool or bus would keep the test run from ending.
 */
export function createTeardown(): Teardown {
  const steps: (() => Promise<unknown>)[] = [];
  let ended: Promise<void> | undefined;
  const teardown: Teardown = {
    defer: (step) => void steps.push(step),
    run: () => {
      OPEN.delete(teardown);
      ended ??= runAll(steps);
      return ended;
    },
  };
  OPEN.add(teardown);
  return teardown;
}

/** Runs what has not been run, the last one first. */
export async function runOpenTeardowns(): Promise<void> {
  for (const teardown of [...OPEN].reverse()) await teardown.run();
}

async function runAll(steps: (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (let step = steps.pop(); step; step = steps.pop()) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'not all that was started has ended well');
}
