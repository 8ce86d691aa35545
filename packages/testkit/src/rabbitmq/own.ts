import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastingPort } from '../port.js';
import { DockerServer } from '../servers/docker.js';
import type { OwnSource } from '../servers/messages.js';
import type { OwnServer, QueueLength } from '../servers/own-server.js';
import { ProgramServer } from '../servers/program.js';
import { run } from '../tools/run.js';
import { rabbitMqAnswers } from './probe.js';

const USER = 'lazyphotos';
/** A quorum queue tells how long it is only so often; usually every 5 s, which is long for a test. */
const TICK_MS = 200;
const TICK_ARGUMENT = `-rabbit quorum_tick_interval ${TICK_MS}`;
const LIST_QUEUES = ['--quiet', 'list_queues', 'name', 'messages', '--formatter', 'json'];

/** A RabbitMQ of our own, not started yet. `folder` is for its data alone. */
export async function openRabbitMq(folder: string, source: OwnSource): Promise<OwnServer> {
  const port = await lastingPort();
  const url = `amqp://${USER}:${USER}@127.0.0.1:${port}`;
  return source.kind === 'docker'
    ? inDocker(source.image, port, url)
    : openProgram(folder, source.path, port, url);
}

function inDocker(image: string, port: number, url: string): OwnServer {
  const server = new DockerServer({
    image,
    port: { inside: 5672, here: port },
    env: {
      RABBITMQ_DEFAULT_USER: USER,
      RABBITMQ_DEFAULT_PASS: USER,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: TICK_ARGUMENT,
    },
    args: [],
    isReady: () => rabbitMqAnswers(url),
  });
  return withQueues(server, url, () => server.execute(['rabbitmqctl', ...LIST_QUEUES]));
}

async function openProgram(folder: string, program: string, port: number, url: string): Promise<OwnServer> {
  const [epmdPort, nodePort] = [await lastingPort(), await lastingPort()];
  await writeConfiguration(folder, port);
  const env = environment(folder, epmdPort, nodePort);
  // Erlang would start a daemon that knows the nodes of this machine and stays for ever. This one ends with the broker.
  const epmd = new ProgramServer({
    file: 'epmd',
    args: ['-port', String(epmdPort), '-address', '127.0.0.1'],
    env,
    cwd: folder,
    isReady: () =>
      run('epmd', ['-port', String(epmdPort), '-names'], { env }).then(
        () => true,
        () => false,
      ),
  });
  const broker = new ProgramServer({
    file: program,
    args: [],
    env,
    cwd: folder,
    isReady: () => rabbitMqAnswers(url),
  });
  const server = {
    start: async () => {
      await epmd.start();
      await broker.start();
    },
    shutDown: () => broker.shutDown(),
    kill: () => broker.kill(),
    end: async () => {
      await broker.end();
      await epmd.end();
    },
  };
  const control = join(dirname(program), 'rabbitmqctl');
  return withQueues(server, url, () => run(control, LIST_QUEUES, { env, cwd: folder }));
}

function withQueues(
  server: Pick<OwnServer, 'start' | 'shutDown' | 'kill' | 'end'>,
  url: string,
  list: () => Promise<string>,
): OwnServer {
  return {
    url,
    start: () => server.start(),
    shutDown: () => server.shutDown(),
    kill: () => server.kill(),
    end: () => server.end(),
    queues: async () => {
      await sleep(2 * TICK_MS); // what happened before the call is in the answer
      return JSON.parse(await list()) as QueueLength[];
    },
  };
}

/** Little memory, no plugins, nothing outside the folder; the log goes to the program's output. */
async function writeConfiguration(folder: string, port: number): Promise<void> {
  const lines = [
    `listeners.tcp.default = 127.0.0.1:${port}`,
    `default_user = ${USER}`,
    `default_pass = ${USER}`,
    'vm_memory_high_watermark.absolute = 512MB',
    'disk_free_limit.absolute = 50MB',
    `raft.wal_max_size_bytes = ${32 * 1024 ** 2}`,
    'log.console = true',
    'log.console.level = warning',
    'log.file = false',
  ];
  await writeFile(join(folder, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
  await writeFile(join(folder, 'rabbitmq-env.conf'), '');
  await writeFile(join(folder, 'enabled_plugins'), '[].\n');
  await writeFile(join(folder, '.erlang.cookie'), randomBytes(16).toString('hex'), { mode: 0o400 });
  await mkdir(join(folder, 'log'));
}

function environment(folder: string, epmdPort: number, nodePort: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: folder, // the cookie
    RABBITMQ_NODENAME: `lazyphotos-${epmdPort}@localhost`,
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_DIST_PORT: String(nodePort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-kernel inet_dist_use_interface {127,0,0,1} ${TICK_ARGUMENT}`,
    RUNNING_UNDER_SYSTEMD: 'true', // the script then becomes the server, so its end is the server's
    ERL_CRASH_DUMP_SECONDS: '0',
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  };
}
