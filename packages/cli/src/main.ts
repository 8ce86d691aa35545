import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { readEnv } from './config.js';
import { InterruptedError, exitCodes } from './errors.js';
import { run } from './program.js';

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

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// A reader that has seen enough (`| head`) is no reason to crash.
process.stdout.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: readEnv(),
  version: manifest.version,
  signal: interruptSignal(),
});
