import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { repository } from '@lazyphotos/testkit';

const lib = join(repository, 'scripts/lib');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazyphotos-launcher-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the lock of the launcher', () => {
  const lockModule = join(lib, 'lock.mjs');

  test('lets one at a time work, in a folder that is for its owner alone', async () => {
    const { withLock } = await import(lockModule);
    const lock = join(folder, 'one-at-a-time');
    await mkdir(lock, { mode: 0o777 });
    let working = 0;
    const most: number[] = [];
    const work = () =>
      withLock(async () => {
        working += 1;
        most.push(working);
        await new Promise(setImmediate);
        working -= 1;
      }, lock);
    await Promise.all(Array.from({ length: 4 }, work));
    expect(most).toEqual([1, 1, 1, 1]);
    expect(await readdir(lock)).toEqual([]);
    expect((await stat(lock)).mode & 0o777).toBe(0o700);
  });

  test('is free after a failure, and when the process that had it is killed', async () => {
    const { withLock } = await import(lockModule);
    const lock = join(folder, 'killed');
    await expect(withLock(() => Promise.reject(new Error('broken')), lock)).rejects.toThrow('broken');
    const holder = join(folder, 'holder.mjs');
    await writeFile(
      holder,
      `import { withLock } from ${JSON.stringify(lockModule)};
       process.on('message', () => undefined); // keeps the process alive
       await withLock(() => { process.send('locked'); return new Promise(() => undefined); }, ${JSON.stringify(lock)});`,
    );
    const child = fork(holder, { execArgv: [] });
    await once(child, 'message');
    expect(await readdir(lock)).toHaveLength(1);
    const waiting = withLock(async () => 'mine', lock);
    child.kill('SIGKILL');
    expect(await waiting).toBe('mine');
    expect(await readdir(lock)).toEqual([]);
  });
});

test('what is built counts as stale when a source, a schema or a manifest has changed', async () => {
  const tree = join(folder, 'tree');
  const part = join(tree, 'packages/one');
  await cp(lib, join(tree, 'scripts/lib'), { recursive: true });
  await mkdir(join(part, 'src'), { recursive: true });
  await mkdir(join(part, 'prisma'));
  await mkdir(join(part, 'test'));
  const files = ['package.json', 'src/index.ts', 'prisma/schema.prisma', 'test/one.test.ts'];
  for (const file of files) await writeFile(join(part, file), '{}');
  const { buildFingerprint } = await import(join(tree, 'scripts/lib/fingerprint.mjs'));
  const stale: string[] = [];
  for (const file of files) {
    const before = buildFingerprint();
    expect(buildFingerprint()).toBe(before);
    await writeFile(join(part, file), '{ }');
    if (buildFingerprint() !== before) stale.push(file);
  }
  expect(stale).toEqual(['package.json', 'src/index.ts', 'prisma/schema.prisma']);
});
