import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './output.mjs';
import { root } from './project.mjs';

const POLL_MS = 200;

/**
 * Lets one launcher at a time install and build. The lock is a listening local socket, which the system closes when
 * its last holder ends, however it ends. `work` gets the descriptors that a tool must hold to keep the lock.
 */
export async function withLock(work) {
  const address = lockAddress();
  let server = await tryListen(address);
  if (!server) say('Another LazyPhotos is installing or building here: waiting for it');
  while (!server) {
    if (address.endsWith('.sock') && !(await someoneListens(address))) rmSync(address, { force: true });
    await sleep(POLL_MS);
    server = await tryListen(address);
  }
  try {
    // Not a public property; without it only a killed launcher's tools would go unnoticed.
    const descriptor = server._handle?.fd;
    return await work(descriptor > 0 ? [descriptor] : []);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function lockAddress() {
  const name = `lazyphotos-build-${createHash('sha256').update(root).digest('hex').slice(0, 32)}`;
  if (process.platform === 'linux') return `\0${name}`; // the abstract namespace: no file is left behind
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

function tryListen(address) {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(address, () => resolve(server.unref()));
  });
}

function someoneListens(address) {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
