import { stat } from 'node:fs/promises';
import { PostgresStartError } from './errors.js';
import { run } from './run.js';

/** The user that the server runs as, when it is not ours. */
export interface Account {
  uid: number;
  gid: number;
}

const SYSTEM_USER = 'postgres';

/**
 * PostgreSQL refuses to run as root. Then the owner of the data runs it, if that is an ordinary user (so that one
 * `sudo npm start` does not lock that user out), otherwise the system user `postgres`, created when missing.
 * Undefined: we are an ordinary user ourselves.
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
