import { describeError, type Logger } from './logger.js';

export interface Periodic {
  /** Runs at once, then after each interval. */
  start(): void;
  /** Runs now, or once more after a run that is in progress. Does nothing before the start and after the stop. */
  nudge(): void;
  /** Aborts the signal of a run in progress, and waits for its end. */
  stop(): Promise<void>;
}

/** Housekeeping: runs `work` after each interval, never twice at a time. A failure is logged, and the next run tries again. */
export function createPeriodic(
  name: string,
  intervalMs: number,
  work: (signal: AbortSignal) => Promise<unknown>,
  logger: Logger,
): Periodic {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | undefined;
  let isWanted = false;
  let stopping = new AbortController();
  const runWhileWanted = async () => {
    while (isWanted && !stopping.signal.aborted) {
      isWanted = false;
      await work(stopping.signal).catch((error: unknown) =>
        logger.warn(`${name} will be tried again`, { error: describeError(error) }),
      );
    }
  };
  const run = () => {
    isWanted = true;
    running ??= runWhileWanted().finally(() => {
      running = undefined;
      if (isWanted && !stopping.signal.aborted) run();
    });
  };
  const runUnlessRunning = () => {
    if (!running) run();
  };
  return {
    start: () => {
      stopping = new AbortController();
      timer = setInterval(runUnlessRunning, intervalMs);
      run();
    },
    nudge: () => {
      if (timer) run();
    },
    stop: async () => {
      clearInterval(timer);
      timer = undefined;
      stopping.abort();
      await running;
    },
  };
}
