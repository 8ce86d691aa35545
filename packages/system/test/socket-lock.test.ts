import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { LockTimeoutError, withSocketLock } from '../src/index.js';

const CHILD = fileURLToPath(new URL('./lock-child.mjs', import.meta.url));
let count = 0;
const newName = () => `test ${process.pid} ${count++}`;

describe('withSocketLock', () => {
  test('lets one at a time work, in another process too', async () => {
    const name = newName();
    const order: string[] = [];
    const work = (letter: string) =>
      withSocketLock(name, async () => {
        order.push(`${letter} begins`);
        await expect(withSocketLock(name, async () => {}, { waitMs: 0 })).rejects.toThrow(LockTimeoutError);
        await expect(withSocketLock(name, async () => {}, { waitMs: 60 })).rejects.toMatchObject({
          code: 'lock_timeout',
        });
        await withSocketLock(newName(), async () => {}, { waitMs: 0 });
        order.push(`${letter} ends`);
      });
    await Promise.all([work('a'), work('b')]);
    expect(order.map((step) => step.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends']);
  });

  test('returns what the work returns, and is free after a failure', async () => {
    const name = newName();
    await expect(withSocketLock(name, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await withSocketLock(name, async () => 7, { waitMs: 0 })).toBe(7);
  });

  test('is free when the process that had it is killed', async () => {
    const name = newName();
    const child = fork(CHILD, [name], { execArgv: [] });
    await once(child, 'message');
    await expect(withSocketLock(name, async () => {}, { waitMs: 0 })).rejects.toThrow(LockTimeoutError);
    const waiting = withSocketLock(name, async () => 'mine');
    child.kill('SIGKILL');
    expect(await waiting).toBe('mine');
  });
});
