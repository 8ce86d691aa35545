import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Another process still has the lock. */
export class LockTimeoutError extends Error {
  override readonly name = 'LockTimeoutError';
  readonly code = 'lock_timeout';
}

const POLL_MS = 50;

/**
 * Lets one process of this machine at a time run `work` for a name. Others wait, for `waitMs` at most if given. The lock is a listening
 * local socket, because the system closes it whenever a process ends.
 * @throws LockTimeoutError
 */
export async function withSocketLock<T>(
  name: string,
  work: () => Promise<T>,
  { waitMs = Number.POSITIVE_INFINITY }: { waitMs?: number } = {},
): Promise<T> {
  const server = await acquire(addressOf(name), Date.now() + waitMs);
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

async function acquire(address: string, deadline: number): Promise<Server> {
  for (;;) {
    const server = await tryListen(address);
    if (server) return server;
    if (Date.now() >= deadline) throw new LockTimeoutError('Another process has the lock');
    // Only a socket file can be left behind without a process that listens.
    if (address.endsWith('.sock') && !(await hasListener(address))) await rm(address, { force: true });
    else await sleep(POLL_MS);
  }
}

function tryListen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(server.unref()));
  });
}

function hasListener(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
