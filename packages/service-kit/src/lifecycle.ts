import type { RequestListener } from 'node:http';
import type { JsonWebKeySet } from './auth/key-cache.js';
import { describeError, type Logger } from './logger.js';

/** A composed service: standalone runs six of them in one process, a container runs one. */
export interface Service {
  name: string;
  /** Its HTTP interface, health included; served on a port or called in-process by the gateway. */
  handler: RequestListener;
  /** Rejects while one of its dependencies is not available; with `storage_full` while one only takes nothing new. */
  ready(): Promise<void>;
  /** Starts its consumers and timers. */
  start(): Promise<void>;
  /** Ends them and waits for the work in flight. The caller closes what it has passed in (database, bus, store). */
  stop(): Promise<void>;
  /** Of the auth service only: returns the public keys that access tokens are verified with. */
  keySet?(): Promise<JsonWebKeySet>;
}

/** Collects what was started and must be stopped. */
export class StopList {
  readonly #started: { name: string; stop: () => Promise<unknown> }[] = [];
  #stopping: Promise<void> | undefined;

  constructor(readonly logger: Logger) {}

  add(name: string, stop: () => Promise<unknown>): void {
    this.#started.push({ name, stop });
  }

  /** Stops every part once, in reverse order. A part that fails is logged, and the others are still stopped. */
  stopAll(): Promise<void> {
    this.#stopping ??= this.#stopEach();
    return this.#stopping;
  }

  async #stopEach(): Promise<void> {
    for (const { name, stop } of this.#started.reverse()) {
      try {
        await stop();
      } catch (error) {
        this.logger.error('could not stop cleanly', { part: name, error: describeError(error) });
      }
    }
  }
}

/** How long a stop may take before the process exits anyway; the next start recovers what was interrupted. */
const STOP_DEADLINE_MS = 25_000;

/** Resolves with the reason when the process must end: SIGINT, SIGTERM, or the end of the launcher that started it. */
function stopRequested(): Promise<string> {
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
 * Waits for a signal, or for the reason that `ended` resolves with, then stops everything. The process ends when nothing keeps it
 * running; it is made to exit only if a part hangs.
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
