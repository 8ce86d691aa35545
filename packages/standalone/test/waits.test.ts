import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository } from '@lazyphotos/testkit';

/**
 * A wait for a fixed time is right on one machine and wrong on a busier one. Tests wait for what they want to see, with
 * `eventually` of the testkit or an event, and let a gate hold up what must not go on.
 */
const NO_DURATION = 'a bound on the work, not on the time: a duration depends on the machine';
const NO_LIMIT = 'no time limit in a test: jest.config.mjs has one that bounds hangs';
const FORBIDDEN: { what: RegExp; instead: string }[] = [
  { what: /\bset(?:Timeout|Interval)\(/g, instead: '`eventually`, a promise, or an event' },
  {
    what: /import \{[^}]*\bset(?:Timeout|Interval)\b[^}]*\} from 'node:timers\/promises'/g,
    instead: '`eventually`, a promise, or an event',
  },
  { what: /\bsleep\(/g, instead: '`eventually`, a promise, or an event' },
  { what: /\bAbortSignal\.timeout\(/g, instead: 'an AbortController, aborted when the condition is there' },
  {
    what: /\b(?:until|eventually|tryWhile)\([^;]*\b(?:Date|performance)\.now\(\)/g,
    instead: 'a condition that is not the time; where the product reads the clock, set its clock',
  },
  {
    what: /expect\(\(?(?:Date|performance)\.now\(\) -[^;]*\)\s*\.toBeLessThan/g,
    instead: NO_DURATION,
  },
  {
    what: /\b(?:const|let) (\w+) = \(?(?:Date|performance)\.now\(\) -(?=[\s\S]*?\bexpect\(\1\b[^;]*\)\s*\.toBeLessThan)/g,
    instead: NO_DURATION,
  },
  { what: /\b(?:process\.cpuUsage|process\.hrtime(?:\.bigint)?|\w+\.timerify)\(/g, instead: NO_DURATION },
  // The last line of a test or hook of several lines, as the formatter breaks it.
  { what: /^\s*\},\n\s*[\d_]{4,},\n\s*\);?$/gm, instead: NO_LIMIT },
  { what: /^\s*\}?,? ?[\d_]{4,}\);?$/gm, instead: NO_LIMIT },
  // One line: afterAll(() => node.stop(), 60_000);
  {
    what: /^\s*(?:test|it|beforeAll|beforeEach|afterAll|afterEach)\b.*[\w)}\]], [\d_]{4,}\);?$/gm,
    instead: NO_LIMIT,
  },
  // A named limit: }, LIMIT_MS); after the body of a test or hook.
  { what: /^\s*\}, \w*(?:_MS|TIMEOUT|LIMIT)\w*\);?$/gm, instead: NO_LIMIT },
  {
    what: /^\s*(?:test|it|beforeAll|beforeEach|afterAll|afterEach)\b.*, \w*(?:_MS|TIMEOUT|LIMIT)\w*\);?$/gm,
    instead: NO_LIMIT,
  },
  { what: /\bjest\.setTimeout\(/g, instead: NO_LIMIT },
];

/** Lines that may, and why. */
const ALLOWED: { file: string; line: string; why: string }[] = [
  {
    file: 'packages/testkit/src/eventually.ts',
    line: 'await sleep(intervalMs);',
    why: 'the pause between two looks at a condition',
  },
  {
    file: 'packages/embedded-postgres/test/helpers.ts',
    line: 'while (!(await condition())) await sleep(POLL_MS);',
    why: 'the same: the testkit depends on this package',
  },
  {
    file: 'packages/messaging/test/rabbitmq/lock.ts',
    line: 'await sleep(POLL_MS);',
    why: 'the same, for as long as another suite uses the broker',
  },
  {
    file: 'packages/object-storage/test/crash-child.mjs',
    line: 'setInterval(() => undefined, 60_000); // keeps the process',
    why: 'keeps a process alive that is going to be killed',
  },
  {
    file: 'packages/object-storage/test/s3-memory-child.mjs',
    line: 'const timer = setInterval(() => {',
    why: 'reads the memory in use now and then',
  },
  {
    file: 'packages/testkit/test/fixtures/test-run.mjs',
    line: 'setInterval(() => {}, 1_000);',
    why: 'keeps a process alive that is going to be killed',
  },
  {
    file: 'packages/provision/test/storage/runs.test.ts',
    line: 'await sleep(SEVERAL_CLEANINGS_MS);',
    why: 'MinIO does not report when it looks for stale uploads',
  },
];
/** Goes with an allowed `sleep(`; every use of the name is a finding of its own. */
const SLEEP_IMPORT = "import { setTimeout as sleep } from 'node:timers/promises';";

const places = [
  join(repository, 'deploy/test'),
  ...['packages', 'services'].flatMap((group) =>
    readdirSync(join(repository, group)).flatMap((name) =>
      ['test', 'src/testing'].map((folder) => join(repository, group, name, folder)),
    ),
  ),
];

/** Every file that is there for tests, with its text. */
function testFiles(): { file: string; text: string }[] {
  return [...places, join(repository, 'packages/testkit/src/eventually.ts')]
    .flatMap((place) => filesBelow(place))
    .filter((path) => /\.(ts|mjs)$/.test(path) && !path.includes('/node_modules/'))
    .filter((path) => path !== import.meta.filename)
    .map((path) => ({ file: relative(repository, path), text: readFileSync(path, 'utf8') }));
}

function filesBelow(place: string): string[] {
  if (place.endsWith('.ts')) return [place];
  try {
    return readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return []; // A package need not have such a folder.
  }
}

interface Finding {
  /** From 1. */
  number: number;
  /** The whole line, trimmed. */
  line: string;
  instead: string;
}

function waitsIn(text: string): Finding[] {
  const lines = text.split('\n');
  return FORBIDDEN.flatMap(({ what, instead }) =>
    [...text.matchAll(what)].map((match) => {
      const number = text.slice(0, match.index + match[0].search(/\S/)).split('\n').length;
      return { number, line: (lines[number - 1] ?? '').trim(), instead };
    }),
  );
}

function isAllowed(file: string, line: string): boolean {
  const allowed = ALLOWED.filter((one) => one.file === file).map((one) => one.line);
  return allowed.includes(line) || (line === SLEEP_IMPORT && allowed.some((text) => text.includes('sleep(')));
}

describe('tests wait for conditions, not for times', () => {
  const found = testFiles().flatMap(({ file, text }) =>
    waitsIn(text).map((finding) => ({ file, ...finding })),
  );

  test('no line is a fixed wait or a time limit, but those that are allowed', () => {
    const refused = found
      .filter(({ file, line }) => !isAllowed(file, line))
      .map(({ file, number, line, instead }) => `${file}, line ${number}: ${line} (instead: ${instead})`);
    expect(refused).toEqual([]);
  });

  test('each allowed line exists, once', () => {
    const counts = ALLOWED.map(({ file, line }) => ({
      file,
      line,
      count: found.filter((one) => one.file === file && one.line === line).length,
    }));
    expect(counts.filter(({ count }) => count !== 1)).toEqual([]);
  });

  test.each([
    ["import { setTimeout as sleep } from 'node:timers/promises';", 1],
    ['await new Promise((resolve) => setTimeout(resolve, 200));', 1],
    ['    await sleep(500);', 1],
    ['call(url, { signal: AbortSignal.timeout(100) })', 1],
    ['expect(performance.now() - start).toBeLessThan(5_000);', 1],
    ['expect(Date.now() - start).toBeLessThanOrEqual(10);', 1],
    ['const took = Date.now() - start;\nexpect(took).toBeLessThan(10);', 1],
    ['const { user } = process.cpuUsage(before);', 1],
    ['await until(() => Date.now() - ctimeMs > 3500);', 1],
    ['await eventually(() => {\n  expect(performance.now()).toBeGreaterThan(end)\n});', 1],
    ['  }, 60_000);', 1],
    ['  }, LIMIT_MS);', 1],
    ['  },\n  60_000,\n);', 1],
    ['    afterAll(() => system?.remove(), 120_000);', 1],
    ['  beforeAll(startServers, 120_000);', 1],
    ["  test('is quick', async () => {}, 5000);", 1],
    ['  afterAll(() => node.stop(), STOP_MS);', 1],
    ["import { setImmediate as nextTurn } from 'node:timers/promises';", 0],
    ['expect(performance.now() - start).toBeGreaterThan(950);', 0],
    ['expect(bytes).toHaveLength(1_000_000);', 0],
    ["test('is small', () => expect(bytes).toHaveLength(1_000_000));", 0],
    ['const left = end - Date.now();\nexpect(left).toBeLessThan(10);', 0],
    ['afterAll(() => removeOldCopies(folder));', 0],
  ])('%j is found, or not', (text, count) => {
    expect(waitsIn(text)).toHaveLength(count);
  });
});
