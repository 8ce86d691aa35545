import { describeError, type Logger } from '../logger.js';

/** Something that was started and must be stopped. */
export interface Stoppable {
  name: string;
  stop(): Promise<unknown>;
}

/** Collects what was started; `stopAll` stops it in reverse order, each exactly once, whatever the others do. */
export function createStopList(logger: Logger) {
  const started: Stoppable[] = [];
  let stopping: Promise<void> | undefined;
  const run = async () => {
    for (const part of started.reverse()) {
      try {
        await part.stop();
      } catch (error) {
        logger.error('could not stop cleanly', { part: part.name, error: describeError(error) });
      }
    }
  };
  return {
    add: (name: string, stop: () => Promise<unknown>): void => {
      started.push({ name, stop });
    },
    stopAll: (): Promise<void> => {
      stopping ??= run();
      return stopping;
    },
  };
}
export type StopList = ReturnType<typeof createStopList>;

/** How long a stop may take before the process gives up draining; what is cut then is recovered by the next start. */
const STOP_DEADLINE_MS = 25_000;

/** Resolves with the reason when the process is asked to end: SIGINT, SIGTERM, or the launcher that started it has died. */
export function stopRequested(): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve('SIGINT'));
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('disconnect', () => resolve('the launcher ended'));
    // A second Ctrl-C while draining must not kill the process; npm sends one of its own.
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => undefined);
  });
}

/**
 * Waits for a signal, or for `ended` to give a reason, stops everything, and lets the process end by itself. Only a part that
 * hangs makes it exit hard.
 */
export async function runUntilStopped(
  stops: StopList,
  logger: Logger,
  ended?: Promise<string>,
): Promise<void> {
  const reason = await Promise.race([stopRequested(), ...(ended ? [ended] : [])]);
  logger.info('stopping', { reason });
  setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
  await stops.stopAll();
  logger.info('stopped');
  if (process.connected) process.disconnect();
}
