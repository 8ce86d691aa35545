import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lastingPort } from '../port.js';
import { DockerServer } from '../servers/docker.js';
import type { OwnSource } from '../servers/messages.js';
import type { OwnServer } from '../servers/own-server.js';
import { ProgramServer } from '../servers/program.js';
import { minioIsReady } from './probe.js';

const USER = 'lazyphotos';

/** A MinIO of our own, not started yet. `folder` is for its data alone. */
export async function openMinio(folder: string, source: OwnSource): Promise<OwnServer> {
  const port = await lastingPort();
  const password = randomBytes(16).toString('hex');
  const address = `http://127.0.0.1:${port}`;
  const settings = {
    MINIO_ROOT_USER: USER,
    MINIO_ROOT_PASSWORD: password,
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
  };
  const isReady = () => minioIsReady(address);
  const url = `http://${USER}:${password}@127.0.0.1:${port}`;
  if (source.kind === 'docker') {
    const server = new DockerServer({
      image: source.image,
      port: { inside: 9000, here: port },
      env: settings,
      args: ['server', '/data'],
      isReady,
    });
    return asOwnServer(server, url);
  }
  const data = join(folder, 'objects');
  await mkdir(data);
  const server = new ProgramServer({
    file: source.path,
    args: ['server', '--address', `127.0.0.1:${port}`, data],
    env: { PATH: process.env.PATH, HOME: folder, ...settings },
    cwd: folder,
    isReady,
  });
  return asOwnServer(server, url);
}

function asOwnServer(server: ProgramServer | DockerServer, url: string): OwnServer {
  return {
    url,
    start: () => server.start(),
    shutDown: () => server.shutDown(),
    kill: () => server.kill(),
    end: () => server.end(),
  };
}
