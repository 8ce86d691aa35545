/** Installs and builds what is missing or has changed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildFingerprint,
  installFingerprint,
  isBuilt,
  readStamp,
  removeStamp,
  writeStamp,
} from './fingerprint.mjs';
import { withLock } from './lock.mjs';
import { step } from './output.mjs';
import { pinnedNode, pnpm, root } from './project.mjs';
import { runTool } from './run-tool.mjs';

/** Makes the tree ready to run; takes some milliseconds when it is. */
export async function prepare() {
  if (isInstalled() && isBuildFresh()) return;
  await withLock(async (held) => {
    // Looked at again under the lock: another launcher may have done it meanwhile.
    if (!isInstalled()) await install(held);
    if (!isBuildFresh()) await build(held);
  });
}

function isInstalled() {
  return existsSync(pinnedNode()) && readStamp('install') === installFingerprint();
}

function isBuildFresh() {
  return isBuilt() && readStamp('build') === buildFingerprint();
}

async function install(held) {
  const first = !existsSync(join(root, 'node_modules/.modules.yaml'));
  const note = first ? 'first start only, a few minutes on a Pi' : 'they have changed';
  const fingerprint = installFingerprint();
  removeStamp('install');
  await step('Installing dependencies', note, () =>
    runTool(pnpm('install', '--frozen-lockfile'), {
      held,
      env: { CI: 'true' }, // no questions
      failure: 'Installing the dependencies failed: see above. Is this machine online?',
    }),
  );
  writeStamp('install', fingerprint);
}

async function build(held) {
  const fingerprint = buildFingerprint();
  removeStamp('build');
  await step('Building', isBuilt() ? 'the sources have changed' : 'first start only', () =>
    runTool(pnpm('exec', 'turbo', 'run', 'build', '--output-logs=errors-only'), {
      held,
      env: toolEnvironment(),
      failure: 'The build failed: see above.',
    }),
  );
  writeStamp('build', fingerprint);
}

/** `prisma generate` would download an engine that it does not use here, unless it believes to have one. */
export function toolEnvironment() {
  const noEngine = process.platform === 'win32' ? {} : { PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' };
  return { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', ...noEngine, ...process.env };
}
