/** One jest run over the whole workspace: `pnpm jest [path]`. Tests are ES modules, compiled by swc. */
export default {
  rootDir: '..',
  testMatch: ['<rootDir>/{packages,services}/*/test/**/*.test.ts'],
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
  globalTeardown: '<rootDir>/packages/testkit/dist/jest/global-teardown.js',
  // Bounds a hang and nothing else. No test says a time of its own.
  testTimeout: 600_000,
  maxWorkers: 2,
};
