import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { withSocketLock } from '@lazyphotos/system';

/** `npm test -- --install-servers` sets this to `true`. */
const INSTALL = 'LAZYPHOTOS_TEST_INSTALL';

/** What a message says about it. */
export const INSTALL_COMMAND = '`npm test -- --install-servers`';

/** Whether tests may install packages and build programs that they miss: only where someone asked for it. */
export function installsAllowed(): boolean {
  return process.env.CI === 'true' || process.env[INSTALL] === 'true';
}

/** Where built and installed tools stay between runs: outside the repository, so that a fresh clone finds them. */
export function toolsFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lazyphotos', 'tools');
}

/** Returns `file`, an absolute path, after making it if it is missing. Only one process makes it; others wait for it. */
export async function cached(file: string, make: () => Promise<void>): Promise<string> {
  if (existsSync(file)) return file;
  await mkdir(dirname(file), { recursive: true });
  await withSocketLock(file, async () => {
    if (!existsSync(file)) await make();
  });
  return file;
}
