import { chmod, lchown, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Account, chooseAccount } from './account.js';
import { type Binaries, findBinaries, installationOf, makeExecutableForOthers } from './binaries.js';
import { capabilityFor, firstClosedFolder } from './capability.js';
import { toStartError } from './errors.js';
import { type RunResult, run } from './run.js';

/** The PostgreSQL programs, run as the right user for one data folder. */
export interface Programs {
  run(program: keyof Binaries, args: string[], input?: string): Promise<RunResult>;
  /** Gives a file, or a folder with all in it, to the user that the programs run as. */
  giveToServer(path: string): Promise<void>;
}

export async function openPrograms(dataDir: string): Promise<Programs> {
  const binaries = await findBinaries();
  const account = await chooseAccount(dataDir);
  if (!account) return { run: asOurselves(binaries), giveToServer: async () => {} };

  await makeExecutableForOthers(binaries);
  const closed = await firstClosedFolder(pathsInUse(binaries, dataDir), account);
  const capability = closed && (await capabilityFor(closed));
  return {
    run: capability ? withCapability(binaries, account, capability) : asAccount(binaries, account),
    giveToServer: (path) => giveTo(path, account),
  };
}

function pathsInUse(binaries: Binaries, dataDir: string): string[] {
  const installation = installationOf(binaries);
  const folders = ['bin', 'lib', 'share'].map((folder) => join(installation, folder));
  return [...folders, dirname(dataDir)];
}

function asOurselves(binaries: Binaries): Programs['run'] {
  return (program, args, input = '') => started(program, run(binaries[program], args, { input }));
}

function asAccount(binaries: Binaries, account: Account): Programs['run'] {
  return (program, args, input = '') => started(program, run(binaries[program], args, { ...account, input }));
}

/**
 * An ambient capability lasts through exec and fork, so pg_ctl hands it on to the server and its backends. It only
 * opens folders: the data stays the server's own, as PostgreSQL demands. The securebit lets access(2), with which
 * PostgreSQL looks for its programs, count the capability too.
 */
function withCapability(binaries: Binaries, account: Account, capability: string): Programs['run'] {
  const identity = ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'];
  const ambient = ['--inh-caps', `+${capability}`, '--ambient-caps', `+${capability}`];
  const privileges = ['--no-new-privs', '--securebits', '+no_setuid_fixup', ...ambient];
  return (program, args, input = '') =>
    started(program, run('setpriv', [...identity, ...privileges, binaries[program], ...args], { input }));
}

async function started(program: string, result: Promise<RunResult>): Promise<RunResult> {
  return result.catch((error: unknown) => {
    throw toStartError(`Running ${program}`, error);
  });
}

/** The top comes last: when this is broken off, the next start sees the old owner and begins again. */
async function giveTo(path: string, { uid, gid }: Account): Promise<void> {
  const info = await stat(path);
  if (info.isDirectory()) {
    for (const entry of await readdir(path, { recursive: true })) await lchown(join(path, entry), uid, gid);
    await chmod(path, 0o700);
  }
  await lchown(path, uid, gid);
}
