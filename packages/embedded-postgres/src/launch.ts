import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, openCluster, type StartOptions, SUPERUSER } from './cluster.js';
import { probe } from './connect.js';
import { outputError, PostgresStartError, toStartError } from './errors.js';
import { initialise, isInitialised, takeOwnership } from './initialise.js';
import { boundLogFile, createLogFile, logSize, logTail } from './log-file.js';
import { readOrCreatePassword } from './password.js';
import { type PidFile, readPidFile } from './pid-file.js';
import { freePort, isFree } from './port.js';
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
const ANSWER_MS = 120_000;
const POLL_MS = 50;

/** Finds or starts the server of a data folder. Only one process may do this at a time (`withStartLock`). */
export async function launch(dataDir: string, options: StartOptions, port?: number): Promise<Running> {
  try {
    const cluster = await openCluster(dataDir, options);
    const password = await prepare(cluster);
    const live = await adopt(cluster, password);
    const process = live ?? (await startWithPassword(cluster, password, port));
    return { cluster, process, password, adopted: live !== undefined };
  } catch (error) {
    throw toStartError('Starting PostgreSQL', error);
  }
}

/** Leaves a complete database that belongs to the server's user, and answers its password. */
async function prepare(cluster: Cluster): Promise<string> {
  const initialised = await isInitialised(cluster);
  const password = await readOrCreatePassword(cluster.passwordFile);
  if (initialised) await takeOwnership(cluster);
  else await initialise(cluster, password);
  return password;
}

/** The live server, if there is one that we can use. One that does not know our password is stopped. */
async function adopt(cluster: Cluster, password: string): Promise<PidFile | undefined> {
  const deadline = Date.now() + ANSWER_MS;
  for (;;) {
    const live = await findServer(cluster.dataDir);
    if (!live) return undefined;
    const found = await probe({ port: live.port, password });
    if (found === 'answers') {
      cluster.log('Using the PostgreSQL that already runs on this data folder');
      return live;
    }
    if (found === 'wrong_password') await stopServer(cluster);
    // A silent one is about to leave: the system takes a moment to clear a killed process.
    else if (Date.now() < deadline) await sleep(POLL_MS);
    else
      throw new PostgresStartError(
        'failed',
        `The PostgreSQL on this data folder does not answer (pid ${live.pid})`,
      );
  }
}

/** A server whose password file was lost is told the new password: the data folder's owner may do that. */
async function startWithPassword(cluster: Cluster, password: string, port?: number): Promise<PidFile> {
  await clearRemains(cluster);
  const process = await start(cluster, port);
  if ((await probe({ port: process.port, password })) !== 'wrong_password') return process;
  cluster.log('The password file was lost: setting a new password');
  await stopServer(cluster);
  await setPassword(cluster, password);
  return start(cluster, process.port);
}

/** Someone may take the port first, and a killed server's shared memory may linger: hence several attempts. */
async function start(cluster: Cluster, wantedPort?: number): Promise<PidFile> {
  for (let attempt = 1; ; attempt += 1) {
    const port = wantedPort && (await isFree(wantedPort)) ? wantedPort : await freePort();
    try {
      return await startOn(cluster, port);
    } catch (error) {
      const final = !(error instanceof PostgresStartError) || error.code !== 'failed';
      if (final || attempt === ATTEMPTS || (await findServer(cluster.dataDir))) throw error;
      await clearRemains(cluster);
      // Nothing tells when the system has taken back the memory of the last process.
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

/** In single-user mode, which asks for no password. */
async function setPassword(cluster: Cluster, password: string): Promise<void> {
  const statement = `ALTER ROLE ${SUPERUSER} PASSWORD '${password}'\n`;
  const args = ['--single', '-D', cluster.dataDir, 'postgres'];
  const result = await cluster.programs.run('postgres', args, statement);
  if (result.code !== 0) throw outputError('Setting the database password', result.output);
}
