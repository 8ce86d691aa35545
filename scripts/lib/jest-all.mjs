import { endWithNpm } from './end-with-npm.mjs';
import { prepare } from './prepare.mjs';
import { runOnPinnedNode } from './run-node.mjs';

/**
 * `npm run jest -- [jest arguments]`: builds what has changed, then runs a part of the tests. Tests run the built form of other packages,
 * of the command and of the node, so they would pass or fail for code that is no longer there.
 */
export async function main(args) {
  endWithNpm();
  await prepare();
  return runJest(args);
}

/** Resolves to the exit code of jest. */
export function runJest(args, options) {
  const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
  return runOnPinnedNode([...jest, '--config', 'scripts/jest.config.mjs', ...args], options);
}
