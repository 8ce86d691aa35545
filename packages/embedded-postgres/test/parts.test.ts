import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { withSocketLock } from '@lazyphotos/system';
import { firstClosedFolder } from '../src/account.js';
import { outputError, toStartError } from '../src/errors.js';
import { boundLogFile, logTail } from '../src/log-file.js';
import { withStartLock } from '../src/server.js';
import { parsePidFile } from '../src/server-process.js';
import { newDataDir } from './helpers.js';

describe('postmaster.pid', () => {
  it.each([
    ['12\n/data\n1700000000\n5555\n\n127.0.0.1\n 1 2\nready   \n', { pid: 12, port: 5555, status: 'ready' }],
    ['-12\n/data\n1700000000\n', { pid: 12, port: 0, status: '' }],
    ['', undefined],
    ['\0\0\0\0', undefined],
  ])('reads %j', (text, expected) => {
    const parsed = parsePidFile(text);
    if (expected) expect(parsed).toMatchObject(expected);
    else expect(parsed).toBeUndefined();
  });
});

describe('the log file', () => {
  it('keeps one older generation and shows the end of what was written since', async () => {
    const file = `${await newDataDir()}.log`;
    await writeFile(file, 'long ago\n'.repeat(20));
    await boundLogFile(file, 100);
    expect((await stat(file)).size).toBe(0);
    expect((await stat(`${file}.1`)).size).toBe(180);

    await writeFile(file, 'before\nnow\n');
    expect(await logTail(file, 7)).toBe('now');
    await boundLogFile(file, 100);
    expect(await readFile(file, 'utf8')).toBe('before\nnow\n');
  });
});

describe('errors', () => {
  it.each([
    ['initdb: error: could not create directory "x": No space left on device', 'disk_full'],
    ['2026-01-01 [1] 53100 FATAL:  could not write', 'disk_full'],
    ['could not open file "x": Permission denied', 'not_permitted'],
    ['anything else', 'failed'],
  ])('%s', (output, code) => {
    expect(outputError('Starting', output)).toMatchObject({ code, detail: output });
  });

  it('recognises a full disk and a closed folder in errors of the file system', () => {
    const failure = (code: string) => Object.assign(new Error(code), { code });
    expect(toStartError('Starting', failure('ENOSPC'))).toMatchObject({ code: 'disk_full' });
    expect(toStartError('Starting', failure('EACCES'))).toMatchObject({ code: 'not_permitted' });
  });
});

describe('firstClosedFolder', () => {
  it('finds the first folder that a user may not enter', async () => {
    const inner = join(await newDataDir(), 'closed', 'inner');
    await mkdir(inner, { recursive: true });
    await chmod(dirname(dirname(dirname(inner))), 0o755);
    await chmod(dirname(inner), 0o700);
    const { uid, gid } = await stat(inner);
    expect(await firstClosedFolder([inner], { uid: uid + 1, gid: gid + 1 })).toBe(dirname(inner));
    expect(await firstClosedFolder([inner], { uid, gid })).toBeUndefined();
  });
});

describe('the start lock', () => {
  it('cannot be taken by another user of the machine, who knows the name of the folder', async () => {
    const dataDir = await newDataDir();
    const started = await withSocketLock(dataDir, () => withStartLock(dataDir, async () => 'started', 0));
    expect(started).toBe('started');
    expect((await stat(`${dataDir}.lock`)).mode & 0o777).toBe(0o700);
  });

  it('lets one at a time work, and rejects after a while', async () => {
    const dataDir = await newDataDir();
    const order: string[] = [];
    const refused = (waitMs: number) =>
      expect(withStartLock(dataDir, async () => {}, waitMs)).rejects.toMatchObject({
        code: 'data_folder_in_use',
      });
    const work = (name: string) =>
      withStartLock(dataDir, async () => {
        order.push(`${name} begins`);
        await refused(0);
        await refused(60);
        order.push(`${name} ends`);
      });
    await Promise.all([work('a'), work('b')]);
    expect(order.map((step) => step.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends']);
  });
});
