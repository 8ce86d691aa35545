import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataFolderInUseError, errnoOf, toStartError } from './errors.js';

/** Another process may create the database, or replay its log, on a slow card. */
const WAIT_MS = 5 * 60_000;
const POLL_MS = 50;

/**
 * Lets one process at a time initialise or start the server of a folder. The lock is a listening local socket,
 * because the system takes that back from a process that dies, however it dies.
 */
export async function withStartLock<T>(
  dataDir: string,
  work: () => Promise<T>,
  waitMs = WAIT_MS,
): Promise<T> {
  const address = lockAddress(dataDir);
  const server = await take(address, Date.now() + waitMs);
  try {
    return await work();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function lockAddress(dataDir: string): string {
  const name = `lazyphotos-${createHash('sha256').update(dataDir).digest('hex').slice(0, 32)}`;
  if (process.platform === 'linux') return `\0${name}`; // the abstract namespace: no file is left behind
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

async function take(address: string, deadline: number): Promise<Server> {
  for (;;) {
    try {
      return await listen(address);
    } catch (error) {
      if (errnoOf(error) !== 'EADDRINUSE') throw toStartError('Taking the start lock', error);
      if (Date.now() >= deadline) {
        throw new DataFolderInUseError('Another process is still starting PostgreSQL on this data folder');
      }
      // Only a socket file can be stale: nobody listens on it any more.
      if (address.endsWith('.sock') && !(await answers(address))) await rm(address, { force: true });
      else await sleep(POLL_MS);
    }
  }
}

function listen(address: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(address, () => resolve(server.unref()));
  });
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
