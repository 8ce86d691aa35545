import { endWithNpm } from './end-with-npm.mjs';
import { prepare } from './prepare.mjs';
import { runOnPinnedNode } from './run-node.mjs';

/** `npm start`: installs and builds when needed, then runs all services until told to stop. */
export async function main(args) {
  endWithNpm();
  await prepare();
  // glibc gives each thread a heap arena of its own; on a small machine two are enough.
  const defaults = { MALLOC_ARENA_MAX: '2' };
  return runOnPinnedNode(['packages/standalone/dist/main.js', ...args], { defaults, ipc: true });
}
