import { endWithNpm } from './end-with-npm.mjs';
import { step } from './output.mjs';
import { prepare, toolEnvironment } from './prepare.mjs';
import { pnpm } from './project.mjs';
import { runTool } from './run-tool.mjs';

/** Biome over all files, knip for what nothing uses, then the type check of sources and tests, cached by turbo. */
export async function lint() {
  const tool = { env: toolEnvironment(), failure: 'Lint or type check failed: see above.' };
  await step('Checking style', '', () =>
    runTool(pnpm('exec', 'biome', 'check', '--error-on-warnings', '.'), tool),
  );
  await step('Looking for what nothing uses', '', () =>
    runTool(pnpm('exec', 'knip', '--config', '.knip.json'), tool),
  );
  await step('Checking types', '', () =>
    runTool(pnpm('exec', 'turbo', 'run', 'typecheck', '--output-logs=errors-only'), tool),
  );
}

/** `npm run lint`. */
export async function main() {
  endWithNpm();
  await prepare();
  await lint();
  return 0;
}
