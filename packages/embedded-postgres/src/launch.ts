import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, openCluster, type StartOptions, SUPERUSER } from './cluster.js';
import { answers } from './connect.js';
import { outputError, PostgresStartError, toStartError } from './errors.js';
import { initialise, isInitialised, takeOwnership } from './initialise.js';
import { boundLogFile, createLogFile, logSize, logTail } from './log-file.js';
import { type Password, readOrCreatePassword } from './password.js';
import { type PidFile, readPidFile } from './pid-file.js';
import { freePort } from './port.js';
import { clearRemains, findServer, SETTLE_MS, stopServer } from './postmaster.js';
import { ownershipOf } from './processes.js';
import { writeSettings } from './settings.js';

/** One run of the server, found or started. */
export interface Running {
  cluster: Cluster;
  process: PidFile;
  password: string;
  /** It ran already, started by a node that died, or that is at work now (`lock` tells). */
  adopted: boolean;
}

const ATTEMPTS = 3;

/** Finds or starts the server of a data folder. Only one process may do this at a time (`withStartLock`). */
export async function launch(dataDir: string, options: StartOptions, port?: number): Promise<Running> {
  try {
    const cluster = await openCluster(dataDir, options);
    const password = await prepare(cluster);

    const live = await findServer(cluster.dataDir);
    if (live && !password.created) return await adopt(cluster, live, password.value);
    if (live) await stopServer(cluster); // its password is lost

    await clearRemains(cluster);
    if (password.created) await setPassword(cluster, password.value);
    const process = await start(cluster, port);
    return { cluster, process, password: password.value, adopted: false };
  } catch (error) {
    throw toStartError('Starting PostgreSQL', error);
  }
}

/** Leaves a complete database that belongs to the server's user; `created` says that it does not know the password. */
async function prepare(cluster: Cluster): Promise<Password> {
  const initialised = await isInitialised(cluster);
  const password = await readOrCreatePassword(cluster.passwordFile);
  if (initialised) {
    await takeOwnership(cluster);
    return password;
  }
  await initialise(cluster, password.value);
  return { ...password, created: false };
}

async function adopt(cluster: Cluster, live: PidFile, password: string): Promise<Running> {
  if (!(await answers({ port: live.port, password }))) {
    throw new PostgresStartError(
      'failed',
      `A PostgreSQL runs on this data folder (pid ${live.pid}) and does not accept the password in ${cluster.passwordFile}`,
    );
  }
  cluster.log('Using the PostgreSQL that already runs on this data folder');
  return { cluster, process: live, password, adopted: true };
}

/** Someone may take the free port first, and a killed server's shared memory may linger: hence several attempts. */
async function start(cluster: Cluster, wantedPort?: number): Promise<PidFile> {
  for (let attempt = 1; ; attempt += 1) {
    const port = attempt === 1 && wantedPort ? wantedPort : await freePort();
    try {
      return await startOn(cluster, port);
    } catch (error) {
      const final = !(error instanceof PostgresStartError) || error.code !== 'failed';
      if (final || attempt === ATTEMPTS || (await findServer(cluster.dataDir))) throw error;
      await sleep(500 * attempt);
    }
  }
}

async function startOn(cluster: Cluster, port: number): Promise<PidFile> {
  const { dataDir, logFile, programs } = cluster;
  await programs.giveToServer(await writeSettings(dataDir, port, cluster.settings));
  await createLogFile(logFile);
  await programs.giveToServer(logFile);
  await boundLogFile(logFile);

  const before = await logSize(logFile);
  const wait = ['-w', '-t', String(SETTLE_MS / 1000), '-s'];
  const result = await programs.run('pgCtl', ['start', '-D', dataDir, '-l', logFile, ...wait]);
  const process = await readPidFile(dataDir);
  if (result.code === 0 && process && (await ownershipOf(process.pid, dataDir)) !== 'gone') return process;
  throw outputError('Starting PostgreSQL', (await logTail(logFile, before)) || result.output);
}

/** Single-user mode asks for no password: it needs the data folder's owner, who may do anything with it. */
async function setPassword(cluster: Cluster, password: string): Promise<void> {
  cluster.log('The password file was missing: setting a new password');
  const statement = `ALTER ROLE ${SUPERUSER} PASSWORD '${password}'\n`;
  const args = ['--single', '-D', cluster.dataDir, 'postgres'];
  const result = await cluster.programs.run('postgres', args, statement);
  if (result.code !== 0) throw outputError('Setting the database password', result.output);
}
