import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Uploads that somebody waits for. Those of imports give way to them: each waits until none is being processed in this process, and none
 * has just ended (the bus needs a moment to hand out the next one).
 */
export interface Foreground {
  /** Counts as foreground work until it has ended. */
  run(work: () => Promise<void>): Promise<void>;
  /**
   * Resolves when there is no foreground work, after `maxWaitMs` at the latest, so that a stream of uploads never stops imports, and when
   * nothing waits any longer. @throws the reason of the signal
   */
  idle(signal: AbortSignal): Promise<void>;
  /** Ends all waiting, now and later: on the way to a stop. */
  stopWaiting(): void;
}

export interface ForegroundOptions {
  maxWaitMs: number;
  /** How long there has to be no foreground work. */
  quietMs: number;
}

export function createForeground({ maxWaitMs, quietMs }: ForegroundOptions): Foreground {
  const stopping = new AbortController();
  const changes = new EventTarget();
  let running = 0;
  let endedAt = Number.NEGATIVE_INFINITY;

  const untilQuiet = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      const remainingMs = endedAt + quietMs - performance.now();
      if (running > 0) await once(changes, 'ended', { signal });
      else if (remainingMs > 0) await sleep(remainingMs, undefined, { signal });
      else return;
    }
  };

  return {
    run: async (work) => {
      running += 1;
      try {
        await work();
      } finally {
        running -= 1;
        endedAt = performance.now();
        changes.dispatchEvent(new Event('ended'));
      }
    },
    idle: async (signal) => {
      signal.throwIfAborted();
      const end = AbortSignal.any([signal, stopping.signal, AbortSignal.timeout(maxWaitMs)]);
      await untilQuiet(end).catch((error) => {
        if (!end.aborted) throw error;
      });
      signal.throwIfAborted();
    },
    stopWaiting: () => stopping.abort(),
  };
}
