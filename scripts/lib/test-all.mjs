import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GROUPS } from '../test-groups.mjs';
import { endWithNpm } from './end-with-npm.mjs';
import { runJest } from './jest-all.mjs';
import { lint } from './lint-all.mjs';
import { StepFailed, say } from './output.mjs';
import { ensurePerl } from './perl.mjs';
import { prepare } from './prepare.mjs';
import { readJson } from './project.mjs';

/** Lets the tests install Debian packages and build programs that they miss; so does CI=true. */
const INSTALL_SERVERS = '--install-servers';

/**
 * `npm test [group] [--install-servers] [jest arguments]`: without a group, all that CI runs; a group of test-groups.mjs is tested without
 * lint. The last line is `N passed, N failed`.
 */
export async function main(args) {
  endWithNpm();
  const { group, installs, jestArguments } = readArguments(args);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (await passes(() => setUp(group, installs))) {
    if (!group && !(await passes(lint))) counts.failed += 1;
    addCounts(counts, await runTests(jestArguments, installs));
  } else {
    counts.failed += 1;
  }
  if (counts.passed + counts.failed === 0) {
    say('No test was run.');
    counts.failed = 1;
  }
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  say(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  return counts.failed > 0 ? 1 : 0;
}

function readArguments(args) {
  const group = Object.keys(GROUPS).find((name) => name === args[0]);
  const rest = args.slice(group ? 1 : 0);
  const selected = group ? ['--selectProjects', group, '--'] : [];
  return {
    group,
    installs: process.env.CI === 'true' || rest.includes(INSTALL_SERVERS),
    jestArguments: [...selected, ...rest.filter((arg) => arg !== INSTALL_SERVERS)],
  };
}

async function passes(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    say(error.message);
    return false;
  }
}

async function setUp(group, installs) {
  if (group !== 'unit') await ensurePerl(installs);
  await prepare();
}

async function runTests(args, installs) {
  const folder = mkdtempSync(join(tmpdir(), 'lazyphotos-jest-'));
  const outputFile = join(folder, 'results.json');
  const flags = ['--json', `--outputFile=${outputFile}`, ...(process.env.CI === 'true' ? ['--ci'] : [])];
  const began = Date.now();
  try {
    say('Testing …');
    const defaults = installs ? { LAZYPHOTOS_TEST_INSTALL: 'true' } : {};
    const code = await runJest([...flags, ...args], { defaults });
    say(`Testing: ${Math.round((Date.now() - began) / 1000)} s`);
    return countResults(outputFile, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A suite that could not run has no failed test to count; it is one failure. So is a jest that fails without saying. */
function countResults(outputFile, code) {
  const results = readResults(outputFile);
  const failed = (results.numFailedTests ?? 0) + (results.numRuntimeErrorTestSuites ?? 0);
  return {
    passed: results.numPassedTests ?? 0,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: (results.numPendingTests ?? 0) + (results.numTodoTests ?? 0),
  };
}

function readResults(file) {
  try {
    return readJson(file);
  } catch {
    return {}; // jest ended before it wrote them
  }
}

function addCounts(counts, more) {
  for (const name of Object.keys(counts)) counts[name] += more[name];
}
