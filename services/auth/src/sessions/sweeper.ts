import { describeError, type Logger } from '@lazyphotos/service-kit';

const INTERVAL_MS = 3_600_000;

/** Calls `sweep` every hour, one call at a time. */
export function createSweeper(sweep: () => Promise<void>, logger: Logger) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  const run = () => {
    running ??= sweep()
      .catch((error: unknown) =>
        logger.warn('ended sessions were not removed', { error: describeError(error) }),
      )
      .finally(() => {
        running = undefined;
      });
  };
  return {
    start: (): void => {
      timer = setInterval(run, INTERVAL_MS).unref();
      run();
    },
    stop: async (): Promise<void> => {
      clearInterval(timer);
      await running;
    },
  };
}
