import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, HOST, openCluster, type StartOptions, SUPERUSER } from './cluster.js';
import { probe } from './connection.js';
import { errnoOf, outputError, PostgresStartError, toStartError } from './errors.js';
import { initialise, isInitialised, readOrCreatePassword, takeOwnership } from './initialise.js';
import { boundLogFile, createLogFile, logSize, logTail } from './log-file.js';
import {
  clearRemains,
  findServer,
  ownershipOf,
  type PidFile,
  readPidFile,
  SETTLE_MS,
  stopServer,
} from './server-process.js';
import { writeSettings } from './settings.js';

/** One run of the server, found or started. */
export interface Running {
  cluster: Cluster;
  process: PidFile;
  password: string;
  /** It was running already: another node started it, which has died or still works (`lock` tells). */
  adopted: boolean;
}

const ATTEMPTS = 3;
const RESPOND_MS = 120_000;
const POLL_MS = 50;
/** Where programs look for a PostgreSQL by default; one of the system's may start there later. */
const WELL_KNOWN_PORT = 5432;

/** Finds or starts the server of a data folder. Only one process may do this at a time (its start lock). */
export async function launch(dataDir: string, options: StartOptions, port?: number): Promise<Running> {
  try {
    const cluster = await openCluster(dataDir, options);
    const password = await prepare(cluster);
    const running = await adopt(cluster, password);
    const process = running ?? (await startWithPassword(cluster, password, port));
    return { cluster, process, password, adopted: running !== undefined };
  } catch (error) {
    throw toStartError('Starting PostgreSQL', error);
  }
}

/** Makes sure that there is a complete database that belongs to the server's user. Returns its password. */
async function prepare(cluster: Cluster): Promise<string> {
  const initialised = await isInitialised(cluster);
  const password = await readOrCreatePassword(cluster.passwordFile);
  if (initialised) await takeOwnership(cluster);
  else await initialise(cluster, password);
  return password;
}

/** Returns the running server, if there is one. Stops one that does not accept our password. */
async function adopt(cluster: Cluster, password: string): Promise<PidFile | undefined> {
  const deadline = Date.now() + RESPOND_MS;
  for (;;) {
    const running = await findServer(cluster.dataDir);
    if (!running) return undefined;
    const found = await probe({ port: running.port, password });
    if (found === 'responds') {
      cluster.log('Using the PostgreSQL that already runs on this data folder');
      return running;
    }
    if (found === 'wrong_password') await stopServer(cluster);
    // A silent one is about to end: the system takes a moment to remove a killed process.
    else if (Date.now() < deadline) await sleep(POLL_MS);
    else
      throw new PostgresStartError(
        'failed',
        `The PostgreSQL on this data folder does not respond (pid ${running.pid})`,
      );
  }
}

/** Starts the server. If the password file was lost, sets the new password first, as the owner of the data folder may. */
async function startWithPassword(cluster: Cluster, password: string, port?: number): Promise<PidFile> {
  await clearRemains(cluster);
  const process = await start(cluster, port);
  if ((await probe({ port: process.port, password })) !== 'wrong_password') return process;
  cluster.log('The password file was lost: setting a new password');
  await stopServer(cluster);
  await setPassword(cluster, password);
  return start(cluster, process.port);
}

/** Tries several times: another program may take the port first, and the shared memory of a killed server may still exist. */
async function start(cluster: Cluster, wantedPort?: number): Promise<PidFile> {
  for (let attempt = 1; ; attempt += 1) {
    const port = wantedPort && (await isFree(wantedPort)) ? wantedPort : await freePort();
    try {
      return await startOn(cluster, port);
    } catch (error) {
      const final = !(error instanceof PostgresStartError) || error.code !== 'failed';
      if (final || attempt === ATTEMPTS || (await findServer(cluster.dataDir))) throw error;
      await clearRemains(cluster);
      // No event tells when the system has removed the shared memory of the last process.
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

/** Returns a loopback port on which no program listens now. */
async function freePort(): Promise<number> {
  const port = await listenOnce(0);
  return port === WELL_KNOWN_PORT ? freePort() : port;
}

async function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    (error: unknown) => {
      if (errnoOf(error) === 'EADDRINUSE') return false;
      throw error;
    },
  );
}

function listenOnce(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(wanted, HOST, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
