import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../port.js';
import { DockerServer } from '../servers/docker.js';
import type { OwnSource } from '../servers/messages.js';
import type { OwnServer } from '../servers/own-server.js';
import { ProgramServer } from '../servers/program.js';
import { minioAnswers } from './probe.js';

const USER = 'lazyphotos';

/** A MinIO of our own, not started yet. `folder` is for its data alone. */
export async function openMinio(folder: string, source: OwnSource): Promise<OwnServer> {
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const url = `http://${USER}:${password}@127.0.0.1:${port}`;
  const isReady = () => minioAnswers(url);
  const env = {
    MINIO_ROOT_USER: USER,
    MINIO_ROOT_PASSWORD: password,
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
  };
  if (source.kind === 'docker') {
    const ports = { inside: 9000, here: port };
    return new DockerServer({ url, image: source.image, ports, env, args: ['server', '/data'], isReady });
  }
  const data = join(folder, 'objects');
  await mkdir(data);
  return new ProgramServer({
    url,
    file: source.path,
    args: ['server', '--address', `127.0.0.1:${port}`, data],
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    cwd: folder,
    isReady,
  });
}
