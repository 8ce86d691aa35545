import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeWithDisk, eventually, mountSmallDisk, type SmallDisk } from '@lazyphotos/testkit';
import { createLogger, describeError, type Logger, withRequestId } from '../src/index.js';

describe('the logger', () => {
  let folder: string;
  let logger: Logger;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lazyphotos-log-'));
    logger = createLogger({ level: 'info', file: join(folder, 'node.log') });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const numbersIn = (name: string) => numbersOf(readFileSync(join(folder, name), 'utf8'));
  const newest = () => ['node.log', 'node1.log'].flatMap((name) => numbersIn(name).slice(-1))[0];

  /** The lines that the logger wrote, once there are as many. */
  const written = (count: number): Promise<Record<string, unknown>[]> =>
    eventually(() => {
      const lines = readFileSync(join(folder, 'node.log'), 'utf8').trimEnd().split('\n').filter(Boolean);
      expect(lines).toHaveLength(count);
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    });

  test('writes an object a line, with time, level, message and fields', async () => {
    logger.child({ service: 'catalog' }).info('started', { port: 80, at: new Date(0) });
    logger.debug('too much');
    const [line] = await written(1);
    expect(line).toEqual({
      timestamp: expect.stringMatching(/^20\d\d-.*Z$/),
      level: 'info',
      message: 'started',
      service: 'catalog',
      port: 80,
      at: '1970-01-01T00:00:00.000Z',
    });
  });

  test('a line carries the id of the request that it belongs to', async () => {
    await withRequestId('request-1', async () => {
      await Promise.resolve();
      logger.info('inside');
      logger.child({ service: 'feed' }).info('of a child');
      logger.info('with its own', { requestId: 'another' });
    });
    logger.info('outside');
    const ids = (await written(4)).map(({ requestId }) => requestId);
    expect(ids).toEqual(['request-1', 'request-1', 'another', undefined]);
  });

  test('secrets never reach it, however deep they are', async () => {
    const SECRET = 'hunter2';
    logger.warn('odd request', {
      password: SECRET,
      currentPassword: SECRET,
      refreshToken: SECRET,
      headers: { Authorization: `Bearer ${SECRET}`, cookie: SECRET, 'x-share-token': SECRET },
      claimCode: SECRET,
      list: [{ a: { b: { c: { token: SECRET } } } }],
      deep: { a: { b: { c: { d: { e: { f: { g: { h: { i: { token: SECRET } } } } } } } } } },
      signature: SECRET,
      bytes: Buffer.from(SECRET),
      userId: 'kept',
    });
    await written(1);
    const text = readFileSync(join(folder, 'node.log'), 'utf8');
    expect(text).not.toContain(SECRET);
    expect(text).toContain('kept');
    expect(text).toContain('[redacted]');
  });

  test('an error is written with its code and causes', async () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const error = new TypeError('outer', { cause });
    logger.error('failed', { error, described: describeError(error) });
    const [line] = await written(1);
    const expected = {
      name: 'TypeError',
      message: 'outer',
      stack: expect.stringContaining('logger.test'),
      cause: { message: 'refused', code: 'ECONNREFUSED' },
    };
    expect(line).toMatchObject({ error: expected, described: expected });
  });

  test('what has the fields of an error is described like one', () => {
    const fault = { message: 'no connection', code: '57P01', queue: 'feed.photos' };
    expect(describeError(fault)).toMatchObject({ message: 'no connection', code: '57P01' });
    expect(describeError('plain')).toEqual({ message: 'plain' });
  });

  test('loops do not hang it', async () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const error = new Error('round');
    error.cause = error;
    logger.error('loops', { loop, error, big: 7n });
    expect((await written(1))[0]).toMatchObject({ message: 'loops' });
  });

  test('a file is rotated at 10 MB, and five are kept, with every line of theirs', async () => {
    const text = 'x'.repeat(100_000);
    const LINES = 520;
    const lines = 'node.log,node1.log,node2.log,node3.log,node4.log'.split(',');
    for (let number = 1; number <= LINES; number += 1) {
      logger.info('large', { number, text });
      if (number % 100 === 0) await eventually(() => expect(newest()).toBe(number));
    }
    await eventually(() => expect(newest()).toBe(LINES));
    expect(readdirSync(folder).sort()).toEqual([...lines].sort());
    const numbers = lines.toReversed().flatMap(numbersIn);
    const first = numbers[0] ?? 0;
    expect(first).toBeGreaterThan(1);
    expect(numbers).toEqual(Array.from({ length: LINES - first + 1 }, (_, index) => first + index));
    for (const name of lines) expect(statSync(join(folder, name)).size).toBeLessThan(21_000_000);
  });

  const ends = ['exception', 'rejection', 'exit', 'nothing left to do'];
  test.each(ends)('nothing is lost when the process ends by: %s', async (end) => {
    const expected = Array.from({ length: 2500 }, (_, index) => index + 1);
    const toStdout = await endedProcess([end]);
    expect(numbersOf(toStdout)).toEqual(expected);
    const file = join(folder, 'child.log');
    await endedProcess([end, file]);
    expect(numbersOf(readFileSync(file, 'utf8'))).toEqual(expected);
  });
});

describeWithDisk('a log on a full disk', () => {
  let disk: SmallDisk;
  beforeEach(async () => {
    disk = await mountSmallDisk(mkdtempSync(join(tmpdir(), 'lazyphotos-log-')), 16);
  });
  afterEach(() => {
    disk.unmount();
    rmSync(disk.path, { recursive: true, force: true });
  });

  test('loses lines, breaks none, and goes on in the same files', async () => {
    const file = join(disk.path, 'node.log');
    const logger = createLogger({ level: 'info', file });
    const newest = () => numbersOf(readFileSync(file, 'utf8')).at(-1);
    const text = 'x'.repeat(90_000);
    for (let number = 1; number <= 90; number += 1) logger.info('large', { number, text });
    await eventually(() => expect(newest()).toBe(90));
    // A part of a line fits.
    disk.fill(50_000);
    for (let number = 91; number <= 100; number += 1) logger.info('large', { number, text });
    await eventually(() => expect(disk.free()).toBe(0));
    await disk.empty();
    await eventually(() => {
      logger.info('again', { number: 101 });
      const whole = readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'));
      expect(numbersOf(whole.join('\n')).at(-1)).toBe(101);
    });
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    expect(lines.filter((line) => !line.endsWith('}'))).toHaveLength(1);
  });
});

const numbersOf = (text: string): number[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { number: number }).number);

/** Runs log-child.mjs to its end, and resolves to what it has written to stdout. */
async function endedProcess(args: string[]): Promise<string> {
  const script = fileURLToPath(new URL('./log-child.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  return text(child.stdout);
}
