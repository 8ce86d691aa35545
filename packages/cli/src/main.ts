import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { readEnv } from './config.js';
import { exitCodes, InterruptedError } from './errors.js';
import { run } from './program.js';

/** Returns a signal that the first Ctrl-C (or SIGTERM) aborts, so that a command can end cleanly. The second one ends the process. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  // Each transfer in flight listens; --concurrency limits their number.
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

// The reader may close the pipe early (`| head`).
process.stdout.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: readEnv(),
  version: manifest.version,
  signal: interruptSignal(),
});
