import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { repository, run } from '@lazyphotos/testkit';

const folder = join(repository, 'scripts/bench');
const { BENCHMARKS, MORE_BENCHMARKS, readOptions } = await import(join(folder, 'options.mjs'));
const { ratios, spread, takeTurns } = await import(join(folder, 'rounds.mjs'));
const { perItem } = await import(join(folder, 'processes.mjs'));
const { withParts } = await import(join(folder, 'report.mjs'));
const { composeLimits, createMemoryGroups, findMemoryGroups } = await import(
  join(folder, 'memory-limits.mjs')
);

const bench = (...args: string[]) => run(process.execPath, [join(folder, 'run.mjs'), ...args], {});

describe('npm run bench', () => {
  test('without a name runs six benchmarks in this order, each of which has a script', () => {
    expect(Object.keys(BENCHMARKS)).toEqual(['upload', 'previews', 'media', 'reads', 'memory', 'start']);
    for (const name of Object.keys({ ...BENCHMARKS, ...MORE_BENCHMARKS }))
      expect({ name, exists: existsSync(join(folder, `${name}.mjs`)) }).toEqual({ name, exists: true });
  });

  test('--help tells their names and options', async () => {
    const { code, stdout } = await bench('--help');
    expect(code).toBe(0);
    for (const word of [
      ...Object.keys({ ...BENCHMARKS, ...MORE_BENCHMARKS }),
      '--system services',
      '--limits',
    ])
      expect(stdout).toContain(word);
  });

  test.each([
    [['thumbs'], 'There is no benchmark called thumbs. There are: upload, previews, media, reads'],
    [['upload', '--system', 'cloud'], 'There is no system called cloud. There are: node, services'],
    [['memory', '--rounds', 'many'], '--rounds takes a number from 1 on, not many'],
    [['upload', '--fast'], "Unknown option '--fast'"],
  ])('refuses %j before it measures anything', async (args, text) => {
    const { code, stdout, stderr } = await bench(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(text);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('takes names and options in any order; limits are those of the containers, so they imply six processes', () => {
    expect(readOptions(['--rounds', '8', 'memory', '--heap'])).toMatchObject({
      names: ['memory'],
      rounds: 8,
      heap: true,
      system: 'node',
    });
    expect(readOptions(['memory', '--limits']).system).toBe('services');
  });

  test('is described with its names in docs/contributing.md', () => {
    const text = readFileSync(join(repository, 'docs/contributing.md'), 'utf8');
    const line = text.split('\n').find((each) => each.startsWith('| `npm run bench`'));
    for (const name of Object.keys({ ...BENCHMARKS, ...MORE_BENCHMARKS }))
      expect(line).toContain(`\`${name}\``);
  });
});

describe('what the figures are made of', () => {
  test('peers take turns, another one first in each round, and warm-up rounds do not count', async () => {
    const order: string[] = [];
    const peer = (name: string) => async (round: number) => {
      order.push(`${round}${name}`);
      return round;
    };
    const results = await takeTurns(
      { a: peer('a'), b: peer('b') },
      { rounds: 2, warmUps: 1, prepare: async (round: number) => round },
    );
    expect(order).toEqual(['0a', '0b', '1b', '1a', '2a', '2b']);
    expect(results).toEqual({ a: [1, 2], b: [1, 2] });
  });

  test('a ratio is of one round; a spread has median, least and most', () => {
    expect(ratios([1, 4], [2, 4])).toEqual([0.5, 1]);
    expect(spread([3, 1, 2], 1)).toBe('2.0 (1.0 to 3.0)');
  });

  test('processor time is counted by process, one that started meanwhile included', () => {
    expect(perItem({ node: 1 }, { node: 1.5, exiftool: 0.2 }, 10)).toEqual({ node: 50, exiftool: 20 });
    expect(withParts({ exiftool: 20, node: 50, auth: 0 })).toBe('70.0 (node 50.0, exiftool 20.0)');
  });

  test('memory limits and heap settings are those of docker-compose.arm64.yml', async () => {
    const limits = await composeLimits(SERVICE_NAMES);
    expect(limits['media-worker']).toMatchObject({
      bytes: 768 * 2 ** 20,
      settings: { LAZYPHOTOS_MEDIA_CONCURRENCY: '1', MALLOC_ARENA_MAX: '2' },
    });
    for (const name of SERVICE_NAMES)
      expect({ name, options: limits[name].settings.NODE_OPTIONS }).toEqual({
        name,
        options: expect.stringMatching(/^--max-old-space-size=\d+ --max-semi-space-size=4$/),
      });
  });
});

describe('memory limits outside of containers', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'lazyphotos-cgroups-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  /** Writes files into a folder below the root, as the kernel shows a group. */
  const group = async (path: string, files: Record<string, string>) => {
    await mkdir(join(root, path), { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(root, path, name), text);
  };
  const find = async (ownGroups: string) => {
    const self = join(root, 'self');
    await writeFile(self, ownGroups);
    return findMemoryGroups({ root, self });
  };
  const BYTES = 300 * 2 ** 20;

  test.each([
    {
      name: 'version 1, beside an empty version 2',
      self: '9:memory:/session\n0::/session\n',
      parent: 'memory/session',
      given: { 'cgroup.procs': '' },
      written: { 'memory.limit_in_bytes': `${BYTES}` },
      shown: {
        'memory.stat': 'rss 1\ntotal_rss 104857600\n',
        'memory.max_usage_in_bytes': '209715200\n',
        'memory.failcnt': '3\n',
        'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n',
      },
    },
    {
      name: 'version 2, in the nearest group that hands the controller on',
      self: '0::/user.slice/session.scope\n',
      parent: 'user.slice',
      given: { 'cgroup.procs': '', 'cgroup.subtree_control': 'cpu memory pids\n' },
      written: { 'memory.max': `${BYTES}`, 'memory.swap.max': '0' },
      shown: {
        'memory.stat': 'anon 104857600\nfile 5\n',
        'memory.peak': '209715200\n',
        'memory.events': 'low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n',
      },
    },
  ])('are those of cgroups of $name', async ({ self, parent, given, written, shown }) => {
    await group('user.slice/session.scope', {});
    await group(parent, given);
    const groups = await createMemoryGroups({ upload: { bytes: BYTES } }, await find(self));
    const made = (await readdir(join(root, parent))).find((name) => name.startsWith('lazyphotos-bench-'));
    const folder = join(root, parent, made ?? 'none');
    for (const [name, text] of Object.entries(written))
      expect({ name, text: await readFile(join(folder, name), 'utf8') }).toEqual({ name, text });
    expect(groups.prefix('upload').at(-1)).toBe(folder);

    await group(join(parent, made ?? 'none'), shown);
    expect((await groups.report()).rows).toEqual([['upload', '300 MiB', '100 MiB', '200 MiB', 3, 1]]);
    // In a real one the kernel's files go with it.
    for (const name of await readdir(folder)) await rm(join(folder, name));
    await groups.remove();
    expect(existsSync(folder)).toBe(false);
  });

  test('asks the root of version 2 for the controller', async () => {
    await group('.', { 'cgroup.procs': '', 'cgroup.subtree_control': '' });
    expect((await find('0::/\n')).parent).toBe(root);
    expect(await readFile(join(root, 'cgroup.subtree_control'), 'utf8')).toBe('+memory');
  });

  test('are refused in one line where neither version can be written', async () => {
    const refusal = await find('3:cpu:/\n0::/a\n').catch((error: Error) => error.message);
    expect(refusal).toMatch(
      /^--limits needs memory cgroups that this user may write to\. version 1: .*; version 2: .*$/,
    );
  });
});
