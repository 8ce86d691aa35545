import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './port.js';
import { ProgramServer } from './servers/program-server.js';
import type { OwnServer, OwnSource, Source } from './servers/server.js';
import { startServerProcess } from './servers/start-server-process.js';
import { sourceOf } from './servers/test-run.js';
import { findDebianProgram } from './tools/debian.js';

const DEBIAN_PROGRAM = '/usr/sbin/clamd';
/** It reports this text as malware, at any place in a file. */
const MALWARE = 'lazyphotos-test-malware';
/** Name, any type of file, any place, the bytes (ClamAV's extended signatures, .ndb). */
const SIGNATURE = `LazyPhotos.Test-1:0:*:${Buffer.from(MALWARE).toString('hex')}\n`;

export interface TestClamd {
  readonly host: string;
  readonly port: number;
  /** Bytes that it reports as malware. */
  readonly malware: string;
  stop(): Promise<void>;
  /** Ends it; restart() starts it again on the same port. */
  shutDown(): Promise<void>;
  restart(): Promise<void>;
}

/** Starts a ClamAV daemon that knows one signature. */
export async function startClamd(): Promise<TestClamd> {
  const source = await sourceOf('clamd', findClamd);
  if (source.kind !== 'program')
    throw new Error(`no ClamAV for tests: ${source.kind === 'none' ? source.reason : source.kind}`);
  const server = await startServerProcess({ server: 'clamd', source });
  const { hostname, port } = new URL(server.url);
  return { ...server, host: hostname, port: Number(port), malware: MALWARE };
}

/**
 * Looks for ClamAV's daemon; installs it where someone asked for it. Tests never use one that runs already: it has to know the
 * signature that they look for, and needs none of the real ones, which are large and come from the internet.
 */
export function findClamd(): Promise<Source> {
  return findDebianProgram('ClamAV', DEBIAN_PROGRAM, ['clamav-daemon'], 'Install clamav-daemon (Debian)');
}

/** Returns a clamd that is not started yet. `folder` is for its data alone. */
export async function openClamd(folder: string, source: OwnSource): Promise<OwnServer> {
  if (source.kind !== 'program') throw new Error('clamd is only run as a program');
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
    isReady: () => respondsToPing(port),
  });
}

/** clamd(8): the response to PING is PONG. */
function respondsToPing(port: number): Promise<boolean> {
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
