import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { repository, run } from '@lazyphotos/testkit';

const folder = join(repository, 'scripts/bench');
const { BENCHMARKS, MORE_BENCHMARKS, readOptions } = await import(join(folder, 'options.mjs'));
const { ratios, spread, takeTurns } = await import(join(folder, 'rounds.mjs'));
const { perItem } = await import(join(folder, 'processes.mjs'));
const { withParts } = await import(join(folder, 'report.mjs'));
const { composeLimits } = await import(join(folder, 'memory-limits.mjs'));

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
