import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;

/**
 * Lets one process of this machine at a time do `work` on what `name` names; the others wait. The lock is a listening
 * local socket, because the system takes that back from a process that dies, however it dies.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const server = await take(addressOf(name));
  try {
    return await work();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function addressOf(name: string): string {
  const short = `lazyphotos-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  if (process.platform === 'linux') return `\0${short}`; // the abstract namespace: no file is left behind
  return process.platform === 'win32' ? `\\\\.\\pipe\\${short}` : join(tmpdir(), `${short}.sock`);
}

async function take(address: string): Promise<Server> {
  for (;;) {
    const server = await tryListen(address);
    if (server) return server;
    // Only a socket file can be stale: nobody listens on it any more.
    if (address.endsWith('.sock') && !(await someoneListens(address))) await rm(address, { force: true });
    else await sleep(POLL_MS);
  }
}

function tryListen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(server));
  });
}

function someoneListens(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
