import { randomUUID } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './output.mjs';
import { root } from './project.mjs';

const POLL_MS = 200;
const OWNER_ONLY = 0o700;
const NOBODY = ['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'];

/**
 * Lets one launcher at a time install and build. The lock is a listening local socket, which the system closes when its last holder
 * ends, however it ends. `work` gets the descriptors that a tool must hold to keep the lock. The socket is a file in a folder that
 * only this user can enter, so that no other user of the machine can take the lock; `packages/system/src/folder-lock.ts` says why two
 * launchers never have it.
 */
export async function withLock(work, folder = join(root, '.start-lock')) {
  makePrivate(folder);
  const descriptor = openSync(folder, 'r');
  try {
    const { server, release } = await acquire(addressBase(folder, descriptor));
    try {
      // Not a public property; without it only a killed launcher's tools would go unnoticed.
      const held = server._handle?.fd;
      return await work(held > 0 ? [held] : []);
    } finally {
      await release();
    }
  } finally {
    closeSync(descriptor);
  }
}

function makePrivate(folder) {
  mkdirSync(folder, { recursive: true, mode: OWNER_ONLY });
  if (process.platform === 'win32') return;
  if (statSync(folder).uid !== process.getuid()) throw new Error(`${folder} belongs to another user`);
  chmodSync(folder, OWNER_ONLY);
}

/** Addresses of sockets are short; on Linux the descriptor of the folder stands for its path. */
function addressBase(folder, descriptor) {
  return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : folder;
}

async function acquire(base) {
  for (let isFirst = true; ; isFirst = false) {
    if (await isAlone(base)) {
      const own = `${randomUUID()}.sock`;
      const server = await listenAt(join(base, own));
      const release = async () => {
        await new Promise((resolve) => server.close(resolve));
        rmSync(join(base, own), { force: true });
      };
      if (readdirSync(base).includes(own) && (await isAlone(base, own))) return { server, release };
      await release();
    } else if (isFirst) say('Another LazyPhotos is installing or building here: waiting for it');
    await sleep(POLL_MS * (1 + Math.random()));
  }
}

/** Whether nobody else listens. Removes files that nobody listens on, if `own` is the file of this process, which listens. */
async function isAlone(base, own) {
  for (const name of readdirSync(base)) {
    if (name === own) continue;
    if (await isListening(join(base, name))) return false;
    if (own) rmSync(join(base, name), { force: true });
  }
  return true;
}

function listenAt(address) {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(address, () => resolve(server.unref()));
  });
}

function isListening(address) {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }) => resolve(!NOBODY.includes(code)));
  });
}
