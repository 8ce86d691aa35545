import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { withSocketLock } from '@lazyphotos/system';

/** Where built and installed tools stay between runs: outside the repository, so that a fresh clone finds them. */
export function toolsFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lazyphotos', 'tools');
}

/** Answers `file`, an absolute path, after making it if it is missing. Only one process makes it; others wait for it. */
export async function cached(file: string, make: () => Promise<void>): Promise<string> {
  if (existsSync(file)) return file;
  await mkdir(dirname(file), { recursive: true });
  await withSocketLock(file, async () => {
    if (!existsSync(file)) await make();
  });
  return file;
}
