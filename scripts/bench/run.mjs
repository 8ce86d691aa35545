// `npm run bench`: runs scripts/bench/<name>.mjs for each name of the command line, with its options; `-- --help` tells more.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BENCHMARKS, readOptions, USAGE, UsageError } from './options.mjs';

async function runAll(args) {
  const { names, help } = readOptions(args);
  if (help) return process.stdout.write(USAGE);
  const options = args.filter((arg) => !names.includes(arg));
  for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) {
    const script = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
    const [code] = await once(spawn(process.execPath, [script, ...options], { stdio: 'inherit' }), 'exit');
    if (code !== 0) process.exitCode = 1;
  }
}

try {
  await runAll(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
