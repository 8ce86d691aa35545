/**
 * One jest run over the whole workspace: `npm run jest -- [path]`. Tests are ES modules, compiled by swc. The groups of test-groups.mjs
 * are jest's projects: `--selectProjects unit`.
 */
import { globSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { GROUPS, groupOf } from './test-groups.mjs';

const rootDir = fileURLToPath(new URL('..', import.meta.url));
const TEST_FILES = ['{packages,services}/*/test/**/*.test.ts', 'deploy/test/**/*.test.ts'];
const GB = 1024 ** 3;

/** Half of the tests' time is waiting, for servers and processes; each worker and what it starts needs up to 2 GB. */
const maxWorkers = Math.max(1, Math.min(2 * availableParallelism(), Math.floor(totalmem() / (2 * GB))));

const tests = TEST_FILES.flatMap((pattern) => globSync(pattern, { cwd: rootDir }));

function project(group) {
  return {
    displayName: group,
    rootDir,
    testMatch: tests.filter((file) => groupOf(file) === group).map((file) => `<rootDir>/${file}`),
    globals: { TEST_GROUP: group },
    transform: {
      '\\.ts$': [
        '@swc/jest',
        {
          jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
          module: { type: 'es6' },
          sourceMaps: 'inline',
        },
      ],
    },
    extensionsToTreatAsEsm: ['.ts'],
    // TypeScript sources import each other as './x.js', the name they have once compiled.
    moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
    modulePathIgnorePatterns: ['<rootDir>/data/'],
    watchPathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/data/'],
    globalSetup: '<rootDir>/packages/testkit/dist/jest/global-setup.js',
    setupFilesAfterEnv: ['<rootDir>/packages/testkit/dist/jest/end-leftovers.js'],
    globalTeardown: '<rootDir>/packages/testkit/dist/jest/global-teardown.js',
  };
}

export default {
  rootDir,
  projects: Object.keys(GROUPS).map(project),
  // Bounds a hang and nothing else. No test says a time of its own.
  testTimeout: 600_000,
  maxWorkers,
};
