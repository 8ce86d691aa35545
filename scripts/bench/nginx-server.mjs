import { spawn } from 'node:child_process';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../packages/testkit/dist/index.js';

const PROGRAM = '/usr/sbin/nginx';

/** As Debian sets it up, but in the foreground and with connections that stay open. */
const configuration = (folder, root, port) => `
daemon off;
${userInfo().uid === 0 ? `user ${userInfo().username};` : ''}
worker_processes auto;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 768; }
http {
  sendfile on;
  tcp_nopush on;
  default_type image/jpeg;
  access_log ${folder}/access.log;
  keepalive_requests 100000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${root};
  }
}
`;

/** Serves the files below `root` with Debian's nginx; resolves to undefined where it is not installed. */
export async function startNginx(folder, root) {
  const isInstalled = await access(PROGRAM).then(
    () => true,
    () => false,
  );
  if (!isInstalled) return undefined;
  const port = await freePort();
  await mkdir(folder);
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, root, port));
  const child = spawn(PROGRAM, ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
    stdio: 'inherit',
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await isUp(url))) {
    if (child.exitCode !== null) throw new Error('nginx has ended');
    await sleep(20);
  }
  return {
    url,
    pid: child.pid,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', resolve);
        child.kill('SIGTERM');
      }),
  };
}

const isUp = (url) =>
  fetch(url).then(
    () => true,
    () => false,
  );
