import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import {
  ApiError,
  DownloadMismatchError,
  NetworkError,
  SessionEndedError,
  SourceChangedError,
} from '@lazyphotos/client';
import { photoTypeOf } from '@lazyphotos/contracts';
import { eventually } from '@lazyphotos/testkit';
import { readEnv } from '../src/config.js';
import { createContext } from '../src/context.js';
import { nameKey, originalNames, previewStem, safeFileName } from '../src/download/download-file.js';
import { InterruptedError, reportOf } from '../src/errors.js';
import { formatBytes, formatSeconds } from '../src/format.js';
import { Output, printable } from '../src/output.js';
import { CredentialStore } from '../src/store/credentials.js';
import { withLock } from '../src/store/lock.js';
import { Progress, progressLine } from '../src/transfer/progress.js';
import { judgeTransfer, type QueueOptions, runQueue } from '../src/transfer/queue.js';
import { openHashCache } from '../src/upload/hash-cache.js';
import { temporaryFolder, writeFiles } from './local-files.js';

describe('the queue', () => {
  const base = { concurrency: 2, pausesMs: [1, 1], judge: () => 'retry' as const, onFailed: () => undefined };
  const queue = (items: number[], options: Partial<QueueOptions<number>>) =>
    runQueue(items, {
      ...base,
      signal: new AbortController().signal,
      work: async () => undefined,
      ...options,
    });

  test('what fails goes behind all the others, a bounded number of times', async () => {
    const order: number[] = [];
    const failed: number[] = [];
    const work = async (item: number) => {
      order.push(item);
      if (item === 1) throw new Error('bad');
    };
    const result = await queue([1, 2, 3, 4, 5], { work, onFailed: (item) => failed.push(item) });
    expect(result).toEqual({ left: [] });
    expect(order.slice(-2)).toEqual([1, 1]);
    expect(order.filter((item) => item === 1)).toHaveLength(3);
    expect(failed).toEqual([1]);
  });

  test('a verdict of failure is final', async () => {
    let attempts = 0;
    const work = async () => {
      attempts += 1;
      throw new Error('bad');
    };
    await queue([1], { work, judge: () => 'fail' });
    expect(attempts).toBe(1);
  });

  test('an outage ends the run instead of failing each file', async () => {
    let attempts = 0;
    const work = async () => {
      attempts += 1;
      throw new Error('gone');
    };
    const failed: number[] = [];
    const items = Array.from({ length: 100 }, (_, index) => index);
    const result = await queue(items, { work, judge: () => 'outage', onFailed: (item) => failed.push(item) });
    expect(attempts).toBeLessThan(10);
    expect(result.left).toHaveLength(100);
    expect(failed).toEqual([]);
  });

  test('an abort leaves the rest, also in a pause', async () => {
    const controller = new AbortController();
    const work = async (item: number) => {
      if (item === 2) controller.abort(new InterruptedError());
      throw new Error('bad');
    };
    const result = await queue([1, 2, 3, 4], { work, signal: controller.signal, concurrency: 1 });
    expect(result.stoppedBy).toBeInstanceOf(InterruptedError);
    expect(result.left.toSorted()).toEqual([1, 2, 3, 4]);
    const pausing = new AbortController();
    const failing = async () => {
      // When this turn is over, the queue is in its pause.
      setImmediate(() => pausing.abort(new InterruptedError()));
      throw new Error('bad');
    };
    const paused = await queue([1], { work: failing, signal: pausing.signal, pausesMs: [3_600_000] });
    expect(paused).toMatchObject({ left: [1], stoppedBy: expect.any(InterruptedError) });
  });
});

test('verdicts', () => {
  const api = (status: number, code: string) => judgeTransfer(new ApiError({ status, code }));
  expect(api(415, 'unsupported_media_type')).toBe('fail');
  expect(api(413, 'quota_exceeded')).toBe('fail');
  expect(api(422, 'hash_mismatch')).toBe('fail');
  expect(api(500, 'internal_error')).toBe('retry');
  expect(api(429, 'rate_limited')).toBe('retry');
  expect(api(404, 'not_ready')).toBe('retry');
  expect(api(507, 'storage_full')).toBe('stop');
  expect(judgeTransfer(new SessionEndedError('x'))).toBe('stop');
  expect(judgeTransfer(new NetworkError('http://x', undefined))).toBe('outage');
  expect(judgeTransfer(new SourceChangedError('x'))).toBe('fail');
  expect(judgeTransfer(new DownloadMismatchError('x'))).toBe('fail');
  expect(judgeTransfer({ code: 'EIO' })).toBe('retry');
  expect(judgeTransfer({ code: 'ENOSPC' })).toBe('stop');
  expect(judgeTransfer({ code: 'ENOENT' })).toBe('fail');
});

test('types: content decides, the name only among look-alikes', () => {
  expect(photoTypeOf('image/jpeg', 'a.png')).toBe('image/jpeg');
  expect(photoTypeOf('image/apng', 'a.png')).toBe('image/png');
  expect(photoTypeOf('image/tiff', 'a.NEF')).toBe('image/x-nikon-nef');
  expect(photoTypeOf('image/tiff', 'a.tif')).toBe('image/tiff');
  expect(photoTypeOf('image/heic-sequence', 'a.jpg')).toBe('image/heic');
  expect(photoTypeOf('image/x-fujifilm-raf', 'a')).toBe('image/x-fujifilm-raf');
  expect(photoTypeOf('video/mp4', 'a.jpg')).toBeUndefined();
  expect(photoTypeOf('application/zip', 'a.zip')).toBeUndefined();
});

test('names', () => {
  expect(safeFileName('IMG_1.jpg', 'id')).toBe('IMG_1.jpg');
  expect(safeFileName('../../x.jpg', 'id')).toBe('_.._x.jpg');
  expect(safeFileName('...', 'id')).toBe('id');
  expect(safeFileName('nul', 'id')).toBe('_nul');
  expect(safeFileName('\ud800.jpg', 'id')).toBe('_.jpg');
  expect(Buffer.byteLength(safeFileName(`${'é'.repeat(300)}.jpeg`, 'id'))).toBeLessThanOrEqual(180);
  const photo = { id: '0190', fileName: 'a.jpg', hash: 'f'.repeat(64) };
  expect(originalNames(photo)).toEqual(['a.jpg', 'a-ffffffff.jpg', `a-${'f'.repeat(64)}.jpg`]);
  expect(previewStem(photo, 'thumb')).toBe('a-0190.thumb');
  expect(nameKey('E\u0301.JPG')).toBe('\u00e9.jpg');
  expect(nameKey('Stra\u00dfe')).toBe(nameKey('STRASSE'));
});

test('progress counts what a failed attempt had sent out again', () => {
  let now = 0;
  const progress = new Progress({ files: 2, bytes: 100 }, () => now);
  progress.move('a', 0);
  progress.move('a', 50);
  now = 1000;
  expect(progress.snapshot()).toMatchObject({
    filesDone: 0,
    bytesDone: 50,
    bytesPerSecond: 50,
    secondsLeft: 1,
  });
  progress.drop('a');
  expect(progress.snapshot().bytesDone).toBe(0);
  progress.finish('a', 60);
  now = 2000;
  const snapshot = progress.snapshot();
  expect(snapshot).toMatchObject({ filesDone: 1, bytesDone: 60, bytesPerSecond: 30 });
  expect(progressLine(snapshot)).toBe('1/2 files, 60 B of 100 B, 30 B/s, 1 s left');
});

test('formats', () => {
  expect([0, 999, 1500, 999_999, 12_345_678, 3e12].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.5 kB',
    '1.0 MB',
    '12.3 MB',
    '3.0 TB',
  ]);
  expect([0.4, 59, 75, 3700].map(formatSeconds)).toEqual(['0 s', '59 s', '1 min 15 s', '1 h 1 min']);
});

test('output keeps to its mode, and control characters out of the terminal', () => {
  const out: string[] = [];
  const err: string[] = [];
  const sinks = [
    { write: (text: string) => out.push(text) },
    { write: (text: string) => err.push(text) },
  ] as const;
  const json = new Output('json', ...sinks);
  json.line('x');
  json.note('x');
  json.document({ a: 1 });
  new Output('quiet', ...sinks).line('x');
  new Output('human', ...sinks).line('evil\u001b[2Jname\u202e');
  json.error('two\nlines');
  expect(out).toEqual(['{\n  "a": 1\n}\n', 'evil?[2Jname?\n']);
  expect(err).toEqual(['lazyphotos: two lines\n']);
  expect(printable('ok ü')).toBe('ok ü');
});

test('errors are one line', () => {
  expect(
    reportOf(new ApiError({ status: 500, code: 'internal_error', detail: 'Oops.', requestId: 'r1' })).message,
  ).toBe('Oops. [request r1]');
  expect(reportOf({ code: 'EACCES', path: '/x', message: 'EACCES: …' })).toEqual({
    code: 'EACCES',
    message: 'permission denied: /x',
  });
  expect(reportOf('text')).toEqual({ code: 'error', message: 'text' });
});

test('the environment', () => {
  expect(readEnv({ XDG_CONFIG_HOME: '/x' })).toEqual({
    server: undefined,
    password: undefined,
    configDir: '/x/lazyphotos',
  });
  expect(readEnv({ LAZYPHOTOS_CONFIG_DIR: '/y', LAZYPHOTOS_SERVER: '' })).toMatchObject({
    configDir: '/y',
    server: undefined,
  });
});

describe('the hash cache', () => {
  const second = 1_000_000_000n;
  const file = { path: '/p/a.jpg', sizeBytes: 5, mtimeNs: 1000n * second, ctimeNs: 1000n * second, ino: 7n };
  const known = { hash: 'a'.repeat(64), mimeType: 'image/jpeg' };
  const later = 1_003_000;

  test('forgets what changed and keeps what others wrote', async () => {
    const folder = join(await temporaryFolder(), 'config');
    const [one, two] = [await openHashCache(folder), await openHashCache(folder)];
    one.set(file, known, later);
    two.set({ ...file, path: '/p/b.jpg' }, known, later);
    await one.save();
    await two.save();
    const again = await openHashCache(folder);
    expect(again.get(file)).toEqual(known);
    expect(again.get({ ...file, path: '/p/b.jpg' })).toEqual(known);
    again.forget(file.path);
    await again.save();
    expect((await openHashCache(folder)).get(file)).toBeUndefined();
    await writeFiles(folder, { 'hashes.json': 'damaged' });
    expect((await openHashCache(folder)).get({ ...file, path: '/p/b.jpg' })).toBeUndefined();
  });

  test('knows a file by everything that shows a change, exactly', async () => {
    const folder = join(await temporaryFolder(), 'config');
    const cache = await openHashCache(folder);
    const big = { ...file, ino: 18295873486193641n, mtimeNs: -1152921504606846975n };
    cache.set(big, known, later);
    await cache.save();
    const again = await openHashCache(folder);
    expect(again.get(big)).toEqual(known);
    expect(again.get({ ...big, ino: 0n })).toEqual(known);
    for (const change of [
      { sizeBytes: 6 },
      { mtimeNs: big.mtimeNs + 1n },
      { ctimeNs: big.ctimeNs + 1n },
      { ino: big.ino + 1n },
      { path: '/p/A.jpg' },
    ])
      expect(again.get({ ...big, ...change })).toBeUndefined();
  });

  test('names that only differ in bytes are different files', async () => {
    const cache = await openHashCache(join(await temporaryFolder(), 'config'));
    const path = (byte: number) => Buffer.from([0x2f, byte]);
    cache.set({ ...file, path: path(0xfc) }, known, later);
    expect(cache.get({ ...file, path: path(0xfc) })).toEqual(known);
    expect(cache.get({ ...file, path: path(0xf6) })).toBeUndefined();
    expect(cache.get({ ...file, path: '/\ufffd' })).toBeUndefined();
  });

  test.each<[string, { mtimeNs?: bigint; ctimeNs?: bigint }, boolean]>([
    ['settled', {}, true],
    ['changed 2 s before it was read, as FAT keeps times', { mtimeNs: 1001n * second }, false],
    ['with new attributes, or an old time put back', { ctimeNs: 1002n * second }, false],
    ['of a server whose clock is ahead', { mtimeNs: 9000n * second, ctimeNs: 9000n * second }, false],
  ])('a file %s', async (_, times, isKept) => {
    const cache = await openHashCache(join(await temporaryFolder(), 'config'));
    cache.set({ ...file, ...times }, known, later);
    expect(cache.get({ ...file, ...times })).toEqual(isKept ? known : undefined);
  });

  test('a file that was just written with an old time is remembered, with a new one it is not', async () => {
    const cache = await openHashCache(join(await temporaryFolder(), 'config'));
    const ctimeNs = BigInt(Date.now()) * 1_000_000n;
    cache.setWritten({ ...file, ctimeNs }, known);
    cache.setWritten({ ...file, path: '/p/b.jpg', mtimeNs: ctimeNs, ctimeNs }, known);
    expect(cache.get({ ...file, ctimeNs })).toEqual(known);
    expect(cache.get({ ...file, path: '/p/b.jpg', mtimeNs: ctimeNs, ctimeNs })).toBeUndefined();
  });
});

describe('the node that is used when none is named', () => {
  const TOKENS = {
    accessToken: 'a',
    accessTokenExpiresAt: '2030-01-01T00:00:00Z',
    refreshToken: 'r',
  } as never;
  const run = async (configDir: string, isForNewNode = false) => {
    const sink = { write: () => true } as never;
    const { signal } = new AbortController();
    const env = { server: undefined, password: undefined, configDir };
    const io = { stdin: process.stdin, stdout: sink, stderr: sink, env, version: '1.2.3', signal };
    return (await createContext({}, io, { retry: {}, isForNewNode })).server;
  };

  test('is the default one before the first sign-in, and always to claim one', async () => {
    const configDir = join(await temporaryFolder(), 'config');
    expect(await run(configDir)).toBe('http://localhost:8080');
    await new CredentialStore(configDir).rememberSignIn('http://node.test', { email: 'a@example.org' });
    expect(await run(configDir)).toBe('http://node.test');
    expect(await run(configDir, true)).toBe('http://localhost:8080');
  });

  test('stays when the node ends the session, so that nothing goes to another node', async () => {
    const configDir = join(await temporaryFolder(), 'config');
    const signInAt = async (server: string, time: string) => {
      const store = new CredentialStore(configDir, () => new Date(time));
      await store.tokens(server).write(TOKENS);
      await store.rememberSignIn(server, { email: 'a@example.org' });
      return store;
    };
    await signInAt('http://late.test', '2024-02-02T00:00:00Z');
    await signInAt('http://early.test', '2024-01-01T00:00:00Z');
    const store = await signInAt('http://late.test', '2024-02-03T00:00:00Z');
    await store.tokens('http://late.test').write(undefined);
    expect(await run(configDir)).toBe('http://late.test');
    await store.rememberSignOut('http://late.test');
    expect(await run(configDir)).toBe('http://early.test');
  });

  test('is one with a session in credentials of an earlier version', async () => {
    const folder = await temporaryFolder();
    const servers = {
      'http://a.test': { email: 'a@example.org', tokens: TOKENS },
      'http://b.test': { email: 'a@example.org', deviceId: 'd' },
    };
    await writeFiles(folder, { 'credentials.json': JSON.stringify({ version: 1, servers }) });
    expect(await run(folder)).toBe('http://a.test');
  });
});

/** A task that stays where it is until it is let go. */
function gatedTask(name: string, events: string[]) {
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  const run = async () => {
    events.push(`${name} in`);
    await gate;
    events.push(`${name} out`);
  };
  return { run, letGo };
}

/** Runs two tasks under what should be one lock. Resolves to what happened, in its order. */
async function contend(lock: (run: () => Promise<void>) => Promise<void> | undefined): Promise<string[]> {
  const events: string[] = [];
  const [first, second] = [gatedTask('first', events), gatedTask('second', events)];
  second.letGo();
  const looks = jest.spyOn(process, 'kill');
  try {
    const running = lock(first.run);
    await eventually(() => expect(events).toEqual(['first in']));
    const waiting = lock(second.run);
    // The second one has found the lock, and its holder alive, several times; or it is in, which is the fault that is looked for.
    await eventually(() => expect(looks.mock.calls.length > 3 || events.length > 1).toBe(true));
    first.letGo();
    await Promise.all([running, waiting]);
  } finally {
    looks.mockRestore();
  }
  return events;
}

const ONE_AFTER_THE_OTHER = ['first in', 'first out', 'second in', 'second out'];

test('two processes that refresh tokens at once do it one after the other', async () => {
  const folder = join(await temporaryFolder(), 'config');
  const exclusively = (run: () => Promise<void>) =>
    new CredentialStore(folder).tokens('http://node.test').exclusively?.(run);
  expect(await contend(exclusively)).toEqual(ONE_AFTER_THE_OTHER);
});

test('the lock of a session is there while tokens are refreshed, and gone after a failure', async () => {
  const folder = join(await temporaryFolder(), 'config');
  const tokens = new CredentialStore(folder).tokens('http://node.test');
  const failing = tokens.exclusively?.(async () => {
    expect(await readFile(join(folder, 'credentials.json.session-lock'), 'utf8')).toBe(`${process.pid}`);
    throw new Error('refused');
  });
  await expect(failing).rejects.toThrow('refused');
  expect(await readdir(folder)).toEqual([]);
});

test('a lock lets one in at a time', async () => {
  const path = join(await temporaryFolder(), 'lock');
  expect(await contend((run) => withLock(path, run))).toEqual(ONE_AFTER_THE_OTHER);
});

test('a lock that is left by a dead process is broken, by one of those that wait', async () => {
  const path = join(await temporaryFolder(), 'lock');
  await writeFiles(path.slice(0, -5), { lock: '999999999' });
  let inside = 0;
  let most = 0;
  const task = async () => {
    inside += 1;
    most = Math.max(most, inside);
    expect(await readFile(path, 'utf8')).toBe(`${process.pid}`);
    inside -= 1;
  };
  await Promise.all([1, 2, 3, 4].map(() => withLock(path, task)));
  expect(most).toBe(1);
});
