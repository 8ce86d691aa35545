import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PostgresStartError } from './errors.js';
import { run } from './run.js';

/** The user that the server runs as, when it is not the user of this process. */
export interface Account {
  uid: number;
  gid: number;
}

const SYSTEM_USER = 'postgres';

/**
 * Capabilities that let a process enter closed folders, the narrower one first, with their bit in /proc/<pid>/status (capability.h).
 * Containers usually have only the second.
 */
const CAPABILITIES: [string, bigint][] = [
  ['dac_read_search', 1n << 2n],
  ['dac_override', 1n << 1n],
];

/** A process needs this one to pass a capability on. */
const SETPCAP = 1n << 8n;

/**
 * Returns the account to run the server as, or undefined when this process is an ordinary user. PostgreSQL refuses to run as root. Then
 * the owner of the data runs it, if that is an ordinary user (so that one `sudo npm start` does not lock that user out), otherwise the
 * system user `postgres`, created when missing.
 */
export async function chooseAccount(dataDir: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(dataDir).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await findSystemUser()) ?? (await createSystemUser());
}

async function findSystemUser(): Promise<Account | undefined> {
  const [uid, gid] = await Promise.all([
    run('id', ['-u', SYSTEM_USER]).catch(() => undefined),
    run('id', ['-g', SYSTEM_USER]).catch(() => undefined),
  ]);
  if (uid?.code !== 0 || gid?.code !== 0) return undefined;
  return { uid: Number(uid.output), gid: Number(gid.output) };
}

async function createSystemUser(): Promise<Account> {
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', SYSTEM_USER];
  const result = await run('useradd', args).catch((error: Error) => ({ code: null, output: error.message }));
  const created = result.code === 0 ? await findSystemUser() : undefined;
  if (created) return created;
  throw new PostgresStartError(
    'not_permitted',
    `PostgreSQL does not run as root, and the system user "${SYSTEM_USER}" could not be created; start as an ordinary user`,
    result.output.trim(),
  );
}

/** Returns the first folder on the way to one of `paths` that the account may not enter. A missing folder ends the search in its path. */
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

/** Returns the capability with which another user can work below `closedFolder`, typically /root. */
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
