import { describeError, type Logger } from '../logger.js';

export interface Periodic {
  /** Runs at once, then after each interval. */
  start(): void;
  /** Waits for a run under way. */
  stop(): Promise<void>;
}

/** Housekeeping: runs `work` now and then, never twice at a time; a failure is logged and the next run tries again. */
export function createPeriodic(
  name: string,
  intervalMs: number,
  work: () => Promise<unknown>,
  logger: Logger,
): Periodic {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | undefined;
  const run = () => {
    running ??= work()
      .catch((error: unknown) => logger.warn(`${name} will be tried again`, { error: describeError(error) }))
      .finally(() => {
        running = undefined;
      });
  };
  return {
    start: () => {
      timer = setInterval(run, intervalMs);
      run();
    },
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
