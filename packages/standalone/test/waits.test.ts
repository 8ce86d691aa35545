import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository } from './support/node-process.js';

/**
 * A wait for a fixed time is right on one machine and wrong on a busier one. Tests wait for what they want to see, with
 * `eventually` of the testkit or an event, and let a gate hold up what must not go on.
 */
const FORBIDDEN: { what: RegExp; instead: string }[] = [
  { what: /\bset(?:Timeout|Interval)\(/g, instead: '`eventually`, a promise, or an event' },
  {
    what: /import \{[^}]*\bset(?:Timeout|Interval)\b[^}]*\} from 'node:timers\/promises'/g,
    instead: '`eventually`, a promise, or an event',
  },
  { what: /\bsleep\(/g, instead: '`eventually`, a promise, or an event' },
  { what: /\bAbortSignal\.timeout\(/g, instead: 'an AbortController, aborted when the condition is there' },
  {
    what: /expect\(\(?(?:Date|performance)\.now\(\) -[^;]*\)\s*\.toBeLessThan/g,
    instead: 'no time at all: how long a thing takes says more of the machine than of it',
  },
  {
    what: /^\s*\}?,? ?[\d_]{4,}\);?$/gm,
    instead: "no time limit of one's own: jest.config.mjs has one that bounds hangs",
  },
  {
    what: /\bjest\.setTimeout\(/g,
    instead: "no time limit of one's own: jest.config.mjs has one that bounds hangs",
  },
];

/** Who may, and why. */
const ALLOWED: Record<string, string> = {
  'packages/testkit/src/eventually.ts': 'the pause between two looks at a condition',
  'packages/embedded-postgres/test/helpers.ts': 'the same: the testkit stands on this package',
  'packages/client/test/helpers.ts': 'the same: the client needs nothing of the testkit',
  'packages/cli/test/helpers.ts': 'the same: the command line needs nothing of the testkit',
  'packages/messaging/test/rabbitmq/turn.ts': 'the same, for as long as another suite has the broker',
  'packages/object-storage/test/crash-child.mjs': 'keeps a process alive that is going to be killed',
  'packages/object-storage/test/s3-memory-child.mjs': 'looks at the memory now and then',
  'packages/testkit/test/fixtures/test-run.mjs': 'keeps a process alive that is going to be killed',
  'packages/provision/test/storage/runs.test.ts': 'MinIO tells nobody when it looks for stale uploads',
};

const places = ['packages', 'services'].flatMap((group) =>
  readdirSync(join(repository, group)).flatMap((name) =>
    ['test', 'src/testing'].map((folder) => join(repository, group, name, folder)),
  ),
);

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

function waitsIn(text: string): string[] {
  return FORBIDDEN.flatMap(({ what, instead }) =>
    [...text.matchAll(what)].map((match) => {
      const line = text.slice(0, match.index + match[0].search(/\S/)).split('\n').length;
      return `line ${line}: ${match[0].trim()} (instead: ${instead})`;
    }),
  );
}

describe('tests wait for conditions, not for times', () => {
  const found = testFiles().flatMap(({ file, text }) => waitsIn(text).map((wait) => ({ file, wait })));

  test('no file has a fixed wait or a time limit, but those that say why', () => {
    const refused = found
      .filter(({ file }) => !(file in ALLOWED))
      .map(({ file, wait }) => `${file}, ${wait}`);
    expect(refused).toEqual([]);
  });

  test('who is allowed to makes use of it', () => {
    const files = new Set(found.map(({ file }) => file));
    expect(Object.keys(ALLOWED).filter((file) => !files.has(file))).toEqual([]);
  });

  test.each([
    ["import { setTimeout as sleep } from 'node:timers/promises';", 1],
    ['await new Promise((resolve) => setTimeout(resolve, 200));', 1],
    ['    await sleep(500);', 1],
    ['call(url, { signal: AbortSignal.timeout(100) })', 1],
    ['expect(performance.now() - start).toBeLessThan(5_000);', 1],
    ['expect(Date.now() - start).toBeLessThanOrEqual(10);', 1],
    ['  }, 60_000);', 1],
    ["import { setImmediate as nextTurn } from 'node:timers/promises';", 0],
    ['expect(performance.now() - start).toBeGreaterThan(950);', 0],
    ['expect(bytes).toHaveLength(1_000_000);', 0],
  ])('%s is known for what it is', (text, count) => {
    expect(waitsIn(text)).toHaveLength(count);
  });
});
