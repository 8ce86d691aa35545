import { setMaxListeners } from 'node:events';
import { exitCodes, InterruptedError } from './errors.js';

/** A signal that Ctrl-C (or SIGTERM) aborts, so that a command can stop in order. The second time it stops at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  // Each transfer on the way listens; their number is bounded by --concurrency.
  setMaxListeners(0, controller.signal);
  const stopWith = (exitCode: number) => () => {
    if (controller.signal.aborted) process.exit(exitCode);
    controller.abort(new InterruptedError(exitCode));
  };
  process.on('SIGINT', stopWith(exitCodes.interrupted));
  process.on('SIGTERM', stopWith(exitCodes.terminated));
  return controller.signal;
}
