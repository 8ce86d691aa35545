import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';

export const JPEG = { contentType: 'image/jpeg' };

/** A folder that is gone when the test file is done. */
export async function newRoot(): Promise<string> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'object-storage-'));
  roots.push(root);
  return root;
}

const roots: string[] = [];
afterAll(async () => {
  for (const root of roots) await rm(root, { recursive: true, force: true });
});

/** Every file below a folder, as sorted relative paths. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

export interface CrashChild {
  process: ChildProcess;
  /** What it has said so far. */
  lines: string[];
  /** Resolves when it has said this much, rejects when it ends before. */
  said(enough: (lines: readonly string[]) => boolean): Promise<void>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

export function startCrashChild(root: string, what: 'put' | 'part' | 'busy'): CrashChild {
  const script = fileURLToPath(new URL('./crash-child.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, root, what], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  return {
    process: child,
    lines,
    async said(enough) {
      while (!enough(lines)) {
        const line = once(reader, 'line').then(() => true);
        if (!(await Promise.race([line, ended.then(() => false)])))
          throw new Error(`the child has ended: ${lines}`);
      }
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
