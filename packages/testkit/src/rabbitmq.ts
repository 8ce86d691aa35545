import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { freePort } from './port.js';
import { DockerServer, hasImage } from './servers/docker-server.js';
import { ProgramServer } from './servers/program-server.js';
import type { OwnServer, OwnSource, QueueLength, Source } from './servers/server.js';
import {
  refuseShared,
  sharedServer,
  startServerProcess,
  type TestServer,
} from './servers/start-server-process.js';
import { sourceOf } from './servers/test-run.js';
import { findDebianProgram } from './tools/debian.js';
import { run, succeeds } from './tools/run.js';

/** The URL of a RabbitMQ to test with, instead of one that the tests start. */
const RABBITMQ_URL = 'LAZYPHOTOS_TEST_RABBITMQ_URL';
/** The HTTP API of that RabbitMQ, where it is not on port 15672. */
const RABBITMQ_API_URL = 'LAZYPHOTOS_TEST_RABBITMQ_API_URL';
const DEFAULT_URL = 'amqp://guest:guest@127.0.0.1:5672';
/** As in docker-compose.arm64.yml. */
export const RABBITMQ_IMAGE = 'rabbitmq:4.2.9';
/** Debian's /usr/sbin/rabbitmq-server requires a system user; this is the program that it runs. */
const DEBIAN_PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server';
/** Name and password of the administrator. */
const USER = 'lazyphotos';
/** A quorum queue reports its length at intervals, by default every 5 s, which is long for a test. */
const TICK_MS = 200;
const TICK_ARGUMENT = `-rabbit quorum_tick_interval ${TICK_MS}`;
const LIST_QUEUES = ['--quiet', 'list_queues', 'name', 'messages', '--formatter', 'json'];

export interface TestRabbitMq extends TestServer {
  /** `amqp://user:password@127.0.0.1:<port>` */
  readonly url: string;
  /** The HTTP API of its management plugin: `http://127.0.0.1:<port>`. The user is that of `url`. */
  readonly apiUrl: string;
  /** All queues, and how many messages each holds, unacknowledged ones too. Rejects for a shared server. */
  queues(): Promise<QueueLength[]>;
}

/** Starts a RabbitMQ for the caller alone (in some seconds), or returns the shared one. */
export async function startRabbitMq(): Promise<TestRabbitMq> {
  const source = await sourceOf('rabbitmq', findRabbitMq);
  if (source.kind === 'none') throw new Error(`no RabbitMQ for tests: ${source.reason}`);
  if (source.kind === 'shared')
    return {
      ...sharedServer('RabbitMQ'),
      url: source.url,
      apiUrl: process.env[RABBITMQ_API_URL] ?? `http://${new URL(source.url).hostname}:15672`,
      queues: () => refuseShared('RabbitMQ'),
    };
  const server = await startServerProcess({ server: 'rabbitmq', source });
  return {
    ...server,
    apiUrl: String(await server.request('apiUrl')),
    queues: async () => (await server.request('queues')) as QueueLength[],
  };
}

/** Looks for a RabbitMQ; installs one where someone asked for it. */
export async function findRabbitMq(): Promise<Source> {
  const given = process.env[RABBITMQ_URL];
  if (given) return { kind: 'shared', url: given };
  if (await isRabbitMqReady(DEFAULT_URL)) return { kind: 'shared', url: DEFAULT_URL };
  if (await hasImage(RABBITMQ_IMAGE)) return { kind: 'docker', image: RABBITMQ_IMAGE };
  const otherWays = `Set ${RABBITMQ_URL}, start Docker, install rabbitmq-server (Debian)`;
  return findDebianProgram('RabbitMQ', DEBIAN_PROGRAM, ['rabbitmq-server'], otherWays);
}

/** Returns a RabbitMQ that is not started yet. `folder` is for its data alone. */
export async function openRabbitMq(folder: string, source: OwnSource): Promise<OwnServer> {
  const port = await freePort();
  const apiPort = await freePort();
  if (source.kind === 'docker') return new ContainerRabbitMq(source.image, port, apiPort);
  const node = { port, apiPort, epmdPort: await freePort(), nodePort: await freePort() };
  return new DebianRabbitMq(source.path, folder, node);
}

/** Whether a RabbitMQ runs there and accepts the user of the URL. */
async function isRabbitMqReady(url: string): Promise<boolean> {
  // Loaded when it is needed: every test file loads this package, and few start a broker.
  const { connect } = await import('amqplib');
  try {
    const connection = await connect(url, { timeout: 30_000 });
    connection.on('error', () => {});
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

function urlOf(port: number): string {
  return `amqp://${USER}:${USER}@127.0.0.1:${port}`;
}

/** Reads the lengths with rabbitmqctl, which `control` runs. They follow an event at the next tick: repeat the call until they do. */
async function listQueues(control: (args: string[]) => Promise<string>): Promise<QueueLength[]> {
  return JSON.parse(await control(LIST_QUEUES));
}

/** The official image. */
export class ContainerRabbitMq extends DockerServer {
  readonly apiUrl: string;

  constructor(image: string, port: number, apiPort: number) {
    super({
      url: urlOf(port),
      image,
      ports: { inside: 5672, here: port },
      otherPorts: [{ inside: 15672, here: apiPort }],
      env: {
        RABBITMQ_DEFAULT_USER: USER,
        RABBITMQ_DEFAULT_PASS: USER,
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: TICK_ARGUMENT,
      },
      args: [
        'sh',
        '-c',
        'rabbitmq-plugins enable --offline rabbitmq_management && exec docker-entrypoint.sh rabbitmq-server',
      ],
      isReady: () => isRabbitMqReady(urlOf(port)),
    });
    this.apiUrl = apiUrlOf(apiPort);
  }

  queues(): Promise<QueueLength[]> {
    return listQueues((args) => this.execute(['rabbitmqctl', ...args]));
  }
}

const apiUrlOf = (port: number): string => `http://127.0.0.1:${port}`;

interface NodePorts {
  /** For AMQP. */
  port: number;
  /** For the HTTP API. */
  apiPort: number;
  /** For Erlang's name server, and for rabbitmqctl. */
  epmdPort: number;
  nodePort: number;
}

/** Debian's program, with a node name, a name server, ports, settings and a folder that no other broker shares. */
class DebianRabbitMq implements OwnServer {
  readonly url: string;
  readonly apiUrl: string;
  readonly #folder: string;
  readonly #ports: NodePorts;
  readonly #control: (args: string[]) => Promise<string>;
  readonly #nameServer: ProgramServer;
  readonly #broker: ProgramServer;

  constructor(program: string, folder: string, ports: NodePorts) {
    const url = urlOf(ports.port);
    const epmdPort = ['-port', String(ports.epmdPort)];
    const place = { env: environment(folder, ports), cwd: folder };
    this.url = url;
    this.apiUrl = apiUrlOf(ports.apiPort);
    this.#folder = folder;
    this.#ports = ports;
    this.#control = (args) => run(join(dirname(program), 'rabbitmqctl'), args, place);
    // Erlang would start one as a daemon that never ends. This one ends with us.
    this.#nameServer = new ProgramServer({
      url: '',
      file: 'epmd',
      args: [...epmdPort, '-address', '127.0.0.1'],
      ...place,
      isReady: () => succeeds('epmd', [...epmdPort, '-names']),
    });
    this.#broker = new ProgramServer({
      url,
      file: program,
      args: [],
      ...place,
      isReady: () => isRabbitMqReady(url),
    });
  }

  async start(): Promise<void> {
    await writeConfiguration(this.#folder, this.#ports);
    await this.#nameServer.start();
    await this.#broker.start();
  }

  shutDown(): Promise<void> {
    return this.#broker.shutDown();
  }

  kill(): Promise<void> {
    return this.#broker.kill();
  }

  async end(): Promise<void> {
    await this.#broker.end();
    await this.#nameServer.end();
  }

  queues(): Promise<QueueLength[]> {
    return listQueues(this.#control);
  }
}

/** Little memory, and only the HTTP API of the management plugin; the log goes to the program's output. */
async function writeConfiguration(folder: string, { port, apiPort }: NodePorts): Promise<void> {
  const lines = [
    `listeners.tcp.default = 127.0.0.1:${port}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${apiPort}`,
    'management_agent.disable_metrics_collector = true',
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
  await writeFile(join(folder, 'enabled_plugins'), '[rabbitmq_management].\n');
  await mkdir(join(folder, 'log'), { recursive: true });
}

function environment(folder: string, { epmdPort, nodePort }: NodePorts): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: folder, // where Erlang keeps the cookie
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
