import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../port.js';
import type { OwnSource } from '../servers/messages.js';
import type { OwnServer } from '../servers/own-server.js';
import { ProgramServer } from '../servers/program.js';

/** What it takes for malware, wherever it stands in a file. */
export const MALWARE = 'lazyphotos-test-malware';
/** Name, any type of file, any place, the bytes (ClamAV's extended signatures, .ndb). */
const SIGNATURE = `LazyPhotos.Test-1:0:*:${Buffer.from(MALWARE).toString('hex')}\n`;

/** A clamd of our own, not started yet. `folder` is for its data alone. */
export async function openClamd(folder: string, source: OwnSource): Promise<OwnServer> {
  if (source.kind !== 'program') throw new Error('clamd is run as a program only');
  const port = await freePort();
  const signatures = join(folder, 'signatures');
  const config = join(folder, 'clamd.conf');
  await mkdir(signatures);
  await writeFile(join(signatures, 'test.ndb'), SIGNATURE);
  await writeFile(
    config,
    [`TCPSocket ${port}`, 'TCPAddr 127.0.0.1', `DatabaseDirectory ${signatures}`, 'Foreground yes', ''].join(
      '\n',
    ),
  );
  return new ProgramServer({
    url: `tcp://127.0.0.1:${port}`,
    file: source.path,
    args: ['--config-file', config],
    env: { PATH: process.env.PATH, HOME: folder },
    cwd: folder,
    isReady: () => answersPing(port),
  });
}

/** clamd(8): PING is answered with PONG. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('zPING\0'));
    socket.setTimeout(30_000, () => socket.destroy());
    socket.once('data', (bytes) => {
      resolve(bytes.toString().startsWith('PONG'));
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(false));
  });
}
