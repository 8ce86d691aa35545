import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Source } from './server.js';

export type ServerName = 'postgres' | 'rabbitmq' | 'minio' | 'clamd' | 'chromium' | 'node';

/** Where the test files of a jest run find its provider (provider.ts): a folder. */
export const TEST_RUN = 'LAZYPHOTOS_TEST_RUN';

/** The provider's URL, in the folder of the run. */
export const PROVIDER_FILE = 'provider';

/** Where the provider writes what it found. */
export function sourceFile(folder: string, name: ServerName): string {
  return join(folder, `${name}.json`);
}

/**
 * The source of a server for this jest run. The first call for a server makes the provider look for it; all others read what it
 * found. Synchronous, because a test file has to know when it is loaded whether a suite is skipped.
 */
export function requestSource(name: ServerName): Source {
  const folder = process.env[TEST_RUN];
  if (!folder) throw new Error(`${TEST_RUN} is not set: jest's global setup did not run`);
  const file = sourceFile(folder, name);
  if (!existsSync(file)) {
    const script = fileURLToPath(new URL('./request-source.js', import.meta.url));
    const url = readFileSync(join(folder, PROVIDER_FILE), 'utf8');
    execFileSync(process.execPath, [script, `${url}/${name}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The source of this jest run, or outside of a run the one that `find` finds now. */
export async function sourceOf(name: ServerName, find: () => Promise<Source>): Promise<Source> {
  return process.env[TEST_RUN] ? requestSource(name) : find();
}

/** Whether this is the first call with `name` in this jest run, in all its processes. */
export function isFirstInRun(name: string): boolean {
  try {
    writeFileSync(join(process.env[TEST_RUN] ?? '', `first-${name}`), '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}
