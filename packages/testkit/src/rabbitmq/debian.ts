import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { OwnServer, QueueLength } from '../servers/own-server.js';
import { ProgramServer } from '../servers/program.js';
import { run, succeeds } from '../tools/run.js';
import { listQueues, TICK_ARGUMENT, USER, urlOf } from './common.js';
import { rabbitMqAnswers } from './probe.js';

export interface NodePorts {
  /** For AMQP. */
  port: number;
  /** For Erlang's name server, and for rabbitmqctl. */
  epmdPort: number;
  nodePort: number;
}

/** Debian's program, with a node name, a name server, ports, settings and a folder that no other broker shares. */
export class DebianRabbitMq implements OwnServer {
  readonly url: string;
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
    this.#folder = folder;
    this.#ports = ports;
    this.#control = (args) => run(join(dirname(program), 'rabbitmqctl'), args, place);
    // Erlang would start one as a daemon that stays for ever. This one ends with us.
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
      isReady: () => rabbitMqAnswers(url),
    });
  }

  async start(): Promise<void> {
    await writeConfiguration(this.#folder, this.#ports.port);
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

/** Little memory, no plugins; the log goes to the program's output. */
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
