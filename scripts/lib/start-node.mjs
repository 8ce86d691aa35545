import { endWithNpm } from './end-with-npm.mjs';
import { MEMORY_DEFAULTS } from './memory-defaults.mjs';
import { prepare } from './prepare.mjs';
import { runOnPinnedNode } from './run-node.mjs';

/** `npm start`: installs and builds when needed, then runs all services until told to stop. */
export async function main(args) {
  endWithNpm();
  await prepare();
  return runOnPinnedNode(['packages/standalone/dist/main.js', ...args], {
    defaults: MEMORY_DEFAULTS,
    ipc: true,
  });
}
