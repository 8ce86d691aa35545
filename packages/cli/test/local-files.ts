import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from '@jest/globals';

/** What is to be done after each test, the last first. */
export const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes that magic-byte readers take for a JPEG. */
export const jpeg = (size = 20_000): Buffer =>
  Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), randomBytes(size - 10)]);

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-cli-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files as they lie in a library: changed some time ago. */
export async function writeFiles(folder: string, files: Record<string, Buffer | string>): Promise<void> {
  const past = new Date('2020-01-01T00:00:00Z');
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    await utimes(path, past, past);
  }
}
