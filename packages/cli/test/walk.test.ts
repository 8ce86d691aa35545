import type { BigIntStats } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { joinPath, pathKey, readablePath, readableText } from '../src/local-path.js';
import type { LeftOut, SkippedFolder } from '../src/upload/left-out.js';
import { countSkipped, type FileSystem, nodeFileSystem, walk } from '../src/upload/walk.js';
import { temporaryFolder, writeFiles } from './local-files.js';

async function walkAll(root: string, fileSystem: FileSystem = nodeFileSystem) {
  const paths: string[] = [];
  const problems: string[] = [];
  const leftOut: LeftOut[] = [];
  const skippedFolders: SkippedFolder[] = [];
  const files = walk(root, {
    fileSystem,
    onProblem: (path) => problems.push(readablePath(path)),
    onLeftOut: (one) => leftOut.push(one),
    onSkippedFolder: (folder) => skippedFolders.push(folder),
  });
  for await (const { path } of files) paths.push(readablePath(path).slice(root.length + 1));
  const reasons = leftOut.map(({ path, reason }) => [readablePath(path).slice(root.length + 1), reason]);
  return { paths, problems, reasons: Object.fromEntries(reasons), skippedFolders };
}

/** Real files under file numbers as another file system gives them. */
function withFileNumbers(numberOf: (path: string) => bigint): FileSystem {
  const renumber = async (path: string | Buffer, stats: Promise<BigIntStats>) => {
    const found = await stats;
    const ino = numberOf(readablePath(path));
    return new Proxy(found, {
      get: (target, key) => {
        if (key === 'ino') return ino;
        const value = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  return {
    ...nodeFileSystem,
    lstat: (path) => renumber(path, nodeFileSystem.lstat(path)),
    stat: (path) => renumber(path, nodeFileSystem.stat(path)),
  };
}

describe('walking', () => {
  const months = Array.from({ length: 12 }, (_, month) => `2021-${month + 1}`);

  test.each<[string, (path: string) => bigint]>([
    ['NTFS, beyond 2^53', (path) => 18295873486193641n + BigInt(path.at(-1) ?? 0)],
    ['0 for all', () => 0n],
    ['the same for all', () => 1n],
  ])('enters every folder, with file numbers as of %s', async (_, numberOf) => {
    const root = await temporaryFolder();
    await writeFiles(root, Object.fromEntries(months.map((month) => [`${month}/a.jpg`, month])));
    await mkdir(join(root, 'links'));
    await symlink(root, join(root, 'links', 'up'));
    await symlink(join(root, '2021-1'), join(root, 'links', 'again'));
    const digits = (path: string) => numberOf(/\d+$/.exec(path)?.[0] ?? '0');
    const { paths, problems, reasons } = await walkAll(root, withFileNumbers(digits));
    expect(paths.sort()).toEqual(months.map((month) => `${month}/a.jpg`).sort());
    expect(problems).toEqual([]);
    expect(reasons).toEqual({ 'links/up': 'already_walked', 'links/again': 'already_walked' });
  });

  test('visits each folder once, whatever links there are, and under its own path', async () => {
    const root = await temporaryFolder();
    const elsewhere = await temporaryFolder();
    await writeFiles(elsewhere, { 'far.jpg': '1', 'sub/farther.jpg': '2' });
    await writeFiles(root, { 'a/one.jpg': '1', 'b/two.jpg': '2', '.hidden/three.jpg': '3' });
    await mkdir(join(root, 'c'));
    await symlink(root, join(root, 'a', 'up'));
    await symlink(join(root, 'b'), join(root, 'a', 'early link to b'));
    await symlink(join(root, 'a', 'one.jpg'), join(root, 'c', 'link.jpg'));
    await symlink(elsewhere, join(root, 'c', 'first'));
    await symlink(join(elsewhere, 'sub'), join(root, 'c', 'second'));
    await symlink(join(root, 'c'), join(elsewhere, 'back'));
    await symlink(join(root, '.hidden'), join(root, 'shown'));
    const { paths, reasons } = await walkAll(root);
    expect(paths).toEqual([
      'a/one.jpg',
      'b/two.jpg',
      'c/link.jpg',
      'shown/three.jpg',
      'c/first/far.jpg',
      'c/first/sub/farther.jpg',
    ]);
    expect(reasons).toEqual({
      '.hidden/three.jpg': 'hidden',
      'a/up': 'already_walked',
      'a/early link to b': 'already_walked',
      'c/second': 'already_walked',
      'c/first/back': 'already_walked',
    });
  });

  test('a link to a folder above walks that too, and ends', async () => {
    const outer = await temporaryFolder();
    const root = join(outer, 'root');
    await writeFiles(outer, { 'root/one.jpg': '1', 'two.jpg': '2' });
    await symlink(outer, join(root, 'outer'));
    const { paths, reasons } = await walkAll(root);
    expect(paths).toEqual(['one.jpg', 'outer/two.jpg']);
    expect(reasons).toEqual({ 'outer/root': 'already_walked' });
  });

  test('a target that exists and cannot be looked at is a problem, not a link to nowhere', async () => {
    const root = await temporaryFolder();
    await writeFiles(root, { 'a.jpg': '1' });
    await symlink('a.jpg', join(root, 'b.jpg'));
    const refusing = {
      ...nodeFileSystem,
      stat: () => Promise.reject(Object.assign(new Error(), { code: 'EACCES' })),
    };
    const { paths, problems } = await walkAll(root, refusing);
    expect(paths).toEqual(['a.jpg']);
    expect(problems).toEqual([join(root, 'b.jpg')]);
  });

  test('what cannot be read is a problem, and in a skipped folder a count that is not complete', async () => {
    const root = await temporaryFolder();
    await writeFiles(root, { 'closed/a.jpg': '1', 'lost+found/b.jpg': '2', 'c.jpg': '3' });
    const names: FileSystem['names'] = async (folder) => {
      if (/closed|lost/.test(readablePath(folder))) throw Object.assign(new Error(), { code: 'EACCES' });
      return nodeFileSystem.names(folder);
    };
    const { paths, problems, skippedFolders } = await walkAll(root, { ...nodeFileSystem, names });
    expect(paths).toEqual(['c.jpg']);
    expect(problems).toEqual([join(root, 'closed')]);
    expect(skippedFolders).toMatchObject([{ reason: 'system_folder', files: 0, complete: false }]);
  });

  test('counting a skipped folder is bounded', async () => {
    const root = await temporaryFolder();
    await writeFiles(root, { '1.jpg': '1', '2.jpg': '2', '3.jpg': '3' });
    const options = { fileSystem: nodeFileSystem, signal: undefined, onLeftOut: () => undefined };
    const folder = { path: root, reason: 'hidden' as const };
    expect(await countSkipped(folder, 2, options)).toMatchObject({ files: 2, complete: false });
    expect(await countSkipped(folder, 3, options)).toMatchObject({ files: 3, complete: true });
  });

  test('a tree as deep as paths can be is walked', async () => {
    const root = await temporaryFolder();
    let folder = root;
    while (folder.length < 3900) folder = join(folder, 'd');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'a.jpg'), '1');
    expect((await walkAll(root)).paths).toHaveLength(1);
  });
});

describe('names that are not UTF-8', () => {
  const bytes = (latin1: string) => Buffer.from(latin1, 'latin1');

  test('become readable', () => {
    expect(readableText(bytes('M\xfcnchen.jpg'))).toBe('München.jpg');
    expect(readableText(bytes('5 \x80 \x93Zoo\x94'))).toBe('5 € “Zoo”');
    expect(readableText(bytes('emoji \xed\xa0\xbd\xed\xb8\x80.jpg'))).toBe('emoji 😀.jpg');
    expect(readableText(bytes('half \xed\xa0\xbd.jpg'))).toBe('half \ufffd.jpg');
    expect(readableText(Buffer.concat([Buffer.from('gut ä '), bytes('\xf6')]))).toBe('gut ä ö');
    expect(readableText(Buffer.from('日本 😀 é'))).toBe('日本 😀 é');
  });

  test('have keys of their own', () => {
    const keys = [bytes('a\xfc'), bytes('a\xf6'), Buffer.from('aü'), Buffer.from('a\ufffd')].map((name) =>
      pathKey(joinPath('/photos', name)),
    );
    expect(new Set(keys).size).toBe(4);
  });
});
