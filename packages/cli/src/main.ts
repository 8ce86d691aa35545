import { readFileSync } from 'node:fs';
import { readEnv } from './config.js';
import { interruptSignal } from './interrupt.js';
import { run } from './program.js';

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
