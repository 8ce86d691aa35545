import { randomUUID } from 'node:crypto';
import { chmod, type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockTimeoutError, withSocketLock } from './socket-lock.js';

const POLL_MS = 50;
const OWNER_ONLY = 0o700;
/** What systems accept as the address of a local socket. */
const LONGEST_ADDRESS = 100;

/**
 * As `withSocketLock`, but the lock is a folder, and only its owner can take it: a name outside of any folder could be taken by every user
 * of the machine. Creates the folder if it is not there.
 *
 * Every contender listens on a socket file of its own in the folder, then looks for others. A contender that finds no other has the lock; one
 * that finds another gives up its own. Of two that come at the same time the later one sees the earlier, so two never have it. No name is
 * used twice, so a file without a listener, which a killed process has left, can be removed by whoever listens.
 * @throws LockTimeoutError
 */
export async function withFolderLock<T>(
  folder: string,
  work: () => Promise<T>,
  { waitMs = Number.POSITIVE_INFINITY }: { waitMs?: number } = {},
): Promise<T> {
  // Named pipes of Windows have no folder.
  if (process.platform === 'win32') return withSocketLock(folder, work, { waitMs });
  await makePrivate(folder);
  const handle = await open(folder, 'r');
  try {
    const release = await acquire(addressBase(folder, handle), Date.now() + waitMs);
    try {
      return await work();
    } finally {
      await release();
    }
  } finally {
    await handle.close();
  }
}

async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: OWNER_ONLY });
  const { uid, mode } = await stat(folder);
  if (uid !== process.getuid?.()) throw new Error(`${folder} belongs to another user`);
  if ((mode & 0o777) !== OWNER_ONLY) await chmod(folder, OWNER_ONLY);
}

/** Addresses of sockets are short; on Linux the descriptor of the folder stands for its path. */
function addressBase(folder: string, handle: FileHandle): string {
  if (process.platform === 'linux') return `/proc/self/fd/${handle.fd}`;
  const longest = Buffer.byteLength(join(folder, `${randomUUID()}.sock`));
  if (longest > LONGEST_ADDRESS) throw new Error(`${folder} is too long a path for a lock`);
  return folder;
}

/** Resolves to what gives the lock back. */
async function acquire(base: string, deadline: number): Promise<() => Promise<void>> {
  for (;;) {
    if (await isFree(base)) {
      const own = `${randomUUID()}.sock`;
      const server = await listenAt(join(base, own));
      const release = async () => {
        await new Promise((resolve) => server.close(resolve));
        await rm(join(base, own), { force: true });
      };
      if (await isAlone(base, own)) return release;
      await release();
    }
    if (Date.now() >= deadline) throw new LockTimeoutError('Another process has the lock');
    await sleep(POLL_MS * (1 + Math.random()));
  }
}

async function isFree(base: string): Promise<boolean> {
  for (const name of await readdir(base)) if (await isListening(join(base, name))) return false;
  return true;
}

/** Only for a contender that listens. */
async function isAlone(base: string, own: string): Promise<boolean> {
  const names = await readdir(base);
  // Another contender may have looked before this one listened, and removed its file.
  if (!names.includes(own)) return false;
  for (const name of names) {
    if (name === own) continue;
    if (await isListening(join(base, name))) return false;
    await rm(join(base, name), { force: true });
  }
  return true;
}

function listenAt(address: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(address, () => resolve(server.unref()));
  });
}

const NOBODY = ['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'];

/** Any other failure to connect, such as a full queue, means that somebody is there. */
function isListening(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(!NOBODY.includes(code ?? '')));
  });
}
