import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder, writeFileDurably } from '@lazyphotos/system';
import { type Cluster, SUPERUSER } from './cluster.js';
import { errnoOf, outputError, PostgresStartError } from './errors.js';

/** The major version of the binaries, as the PG_VERSION of a data folder states it. */
const MAJOR_VERSION = '18';

/** Returns whether the folder holds a database. Rejects when it holds one of another version, or something else. */
export async function isInitialised({ dataDir }: Pick<Cluster, 'dataDir'>): Promise<boolean> {
  const version = await readFile(join(dataDir, 'PG_VERSION'), 'utf8').catch(unlessMissing);
  if (version?.trim() === MAJOR_VERSION) return true;
  if (version !== undefined) {
    throw new PostgresStartError(
      'failed',
      `${dataDir} holds a database of PostgreSQL ${version.trim()}, and this is PostgreSQL ${MAJOR_VERSION}`,
    );
  }
  const entries = await readdir(dataDir).catch(unlessMissing);
  if (entries && entries.length > 0) {
    throw new PostgresStartError(
      'failed',
      `${dataDir} is not empty and does not contain a PostgreSQL database`,
    );
  }
  return false;
}

function unlessMissing(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

/**
 * Creates the database in a sibling folder and moves it into place when it is complete and on the disk, so that the data folder never
 * holds half a database. First removes what interrupted attempts left behind.
 */
export async function initialise(cluster: Cluster, password: string): Promise<void> {
  const { dataDir } = cluster;
  const prefix = `${basename(dataDir)}.init-`;
  const parent = dirname(dataDir);
  await removeLeftovers(parent, prefix);

  cluster.log('Creating the database');
  const workshop = join(parent, prefix + randomBytes(6).toString('hex'));
  await mkdir(workshop, { mode: 0o700 });
  try {
    await createIn(workshop, cluster, password);
    await rmdir(dataDir).catch(unlessMissing); // an empty one stands in the way on Windows
    await rename(join(workshop, 'data'), dataDir);
    await syncFolder(parent);
  } finally {
    await removeLeftovers(parent, prefix);
  }
}

async function createIn(workshop: string, cluster: Cluster, password: string): Promise<void> {
  const passwordFile = join(workshop, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await cluster.programs.giveToServer(workshop);

  const result = await cluster.programs.run('initdb', [
    `--pgdata=${join(workshop, 'data')}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--data-checksums',
    '--encoding=UTF8',
    // Sorting that never changes: an update of the system's locales would silently break every text index.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(cluster.settings.fsync === 'off' ? ['--no-sync'] : []),
  ]);
  if (result.code !== 0) throw outputError('Creating the database', result.output);
}

/** An initdb whose node was killed may still write there; the next start removes the rest. */
async function removeLeftovers(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix))
      await rm(join(parent, name), { recursive: true, force: true }).catch(() => {});
  }
}

/** Data that root restored or copied belongs to root: the server must own it, and no other user may read it. */
export async function takeOwnership({ dataDir, programs }: Cluster): Promise<void> {
  const { uid, mode } = await stat(dataDir);
  if (process.getuid?.() === 0 && uid === 0) await programs.giveToServer(dataDir);
  else if ((mode & 0o077) !== 0) await chmod(dataDir, 0o700);
}

/** Reads the password beside the data, or makes one. An empty file (a power cut while writing) counts as missing. */
export async function readOrCreatePassword(file: string): Promise<string> {
  const stored = (await readFile(file, 'utf8').catch(unlessMissing))?.trim();
  if (stored) {
    await chmod(file, 0o600);
    return stored;
  }
  const value = randomBytes(24).toString('base64url');
  await writeFileDurably(file, `${value}\n`);
  return value;
}
