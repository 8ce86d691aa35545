import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Account } from './account.js';
import { PostgresStartError } from './errors.js';
import { run } from './run.js';

/**
 * Capabilities that open closed folders, the narrower one first, with their bit in /proc/<pid>/status (capability.h).
 * Containers usually have only the second.
 */
const CAPABILITIES: [string, bigint][] = [
  ['dac_read_search', 1n << 2n],
  ['dac_override', 1n << 1n],
];

/** Without this one a process may not hand a capability on. */
const SETPCAP = 1n << 8n;

/** The first folder on the way to one of `paths` that the account may not enter; a missing path ends the search. */
export async function firstClosedFolder(paths: string[], account: Account): Promise<string | undefined> {
  for (const path of paths) {
    for (const folder of [...ancestors(path), path]) {
      const info = await stat(folder).catch(() => undefined);
      if (!info) break;
      if (!mayEnter(info, account)) return folder;
    }
  }
  return undefined;
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...ancestors(parent), parent];
}

function mayEnter(info: { mode: number; uid: number; gid: number }, account: Account): boolean {
  if (info.uid === account.uid) return (info.mode & 0o500) === 0o500;
  if (info.gid === account.gid) return (info.mode & 0o050) === 0o050;
  return (info.mode & 0o005) === 0o005;
}

/** The capability with which another user can work below `closedFolder`, typically /root. */
export async function capabilityFor(closedFolder: string): Promise<string> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const permitted = BigInt(`0x${/^CapPrm:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const mayPass = (permitted & SETPCAP) !== 0n;
  const capability = mayPass ? CAPABILITIES.find(([, bit]) => (permitted & bit) !== 0n)?.[0] : undefined;
  const setpriv = await run('setpriv', ['--version']).catch(() => undefined);
  if (capability && setpriv?.code === 0) return capability;
  throw new PostgresStartError(
    'not_permitted',
    `PostgreSQL does not run as root, and its own user cannot enter ${closedFolder}; move LazyPhotos and its data to a folder that everyone may enter, such as /opt`,
    setpriv
      ? 'This process has no capability to open the folder.'
      : 'setpriv (package util-linux) is missing.',
  );
}
