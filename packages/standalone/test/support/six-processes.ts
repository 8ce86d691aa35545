import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUS_USERS, type BusUser, SERVICE_NAMES, type ServiceName } from '@lazyphotos/contracts';
import {
  cleanEnvironment,
  createServiceKeys,
  eventually,
  freePort,
  http,
  repository,
  run,
} from '@lazyphotos/testkit';
import type { RunningSystem } from './main-job.js';

/** What containers get from others. */
export interface Infrastructure {
  /** An administrator's connection. */
  postgresUrl: string;
  busUrl: string;
  /** Of the broker's management plugin. */
  busApiUrl: string;
  s3: { endpoint: string; accessKeyId: string; secretAccessKey: string };
}

export interface SixProcesses extends RunningSystem {
  /** Ends one process: `kill -9`, or as an orchestrator does it. */
  end(name: ServiceName, signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  start(name: ServiceName): Promise<void>;
  ready(): Promise<void>;
  /** A service's own address, past the gateway. */
  addressOf(name: ServiceName): string;
  /** The URL of a service's own database, with the service's own rights. */
  databaseUrl(name: ServiceName): string;
  /** The environment of a service's process, its secrets included. */
  settingsOf(name: ServiceName): Record<string, string>;
}

/** How processes are started, where it matters. */
export interface Launch {
  /** Settings of all services, or of one. */
  settings?: Record<string, string> | ((name: ServiceName) => Record<string, string>);
  /** A program with arguments that becomes the command behind them, which it is to run the service with. */
  prefix?: (name: ServiceName) => string[];
}

const secret = () => randomBytes(16).toString('hex');
const roleOf = (name: string) => name.replaceAll('-', '_');
const variable = (name: string) => roleOf(name).toUpperCase();

/** The services that keep files, each with its own user of the store. */
const STORE_USERS = ['gateway', 'upload', 'media-worker'] as const;

/** What every deployment makes for itself once: names, passwords and keys. */
function createSecrets({ postgresUrl, busUrl, s3 }: Infrastructure) {
  // Several runs may share a server, so everything is named after this one.
  const run = `lp_test_${randomBytes(4).toString('hex')}`;
  const databaseUrl = (name: ServiceName) => {
    const url = new URL(postgresUrl);
    url.username = `${run}_${roleOf(name)}`;
    url.password = secret();
    url.pathname = `/${run}_${roleOf(name)}`;
    return url.href;
  };
  const databases = new Map(SERVICE_NAMES.map((name) => [name, databaseUrl(name)]));
  const users = new Map<string, { id: string; secret: string }>(
    STORE_USERS.map((name) => [
      name,
      { id: `${run}-${name}`.replaceAll('_', '-').slice(0, 20), secret: secret() },
    ]),
  );
  const busUrlOf = (name: BusUser) => {
    const url = new URL(busUrl);
    url.username = `${run}_${roleOf(name)}`;
    url.password = secret();
    return url.href;
  };
  const buses = new Map<string, string>(BUS_USERS.map((name) => [name, busUrlOf(name)]));
  const store = {
    S3_ENDPOINT: s3.endpoint,
    S3_BUCKET: run.replaceAll('_', '-'),
  };
  return {
    run,
    databases,
    buses,
    users,
    store,
    keys: createServiceKeys(),
    mediaSigningKey: secret() + secret(),
  };
}
type Secrets = ReturnType<typeof createSecrets>;

/** Runs the three one-shot programs, as a deployment does before the services start. */
async function provision(
  { postgresUrl, busUrl, busApiUrl, s3 }: Infrastructure,
  { databases, buses, users, store }: Secrets,
) {
  const program = join(repository, 'packages/provision/dist/main.js');
  const roles = [...databases].map(([name, url]) => [`LAZYPHOTOS_${variable(name)}_DATABASE_URL`, url]);
  const userSettings = [...users].flatMap(([name, user]) => [
    [`S3_${variable(name)}_ACCESS_KEY_ID`, user.id],
    [`S3_${variable(name)}_SECRET_ACCESS_KEY`, user.secret],
  ]);
  const steps = {
    postgres: { LAZYPHOTOS_ADMIN_DATABASE_URL: postgresUrl, ...Object.fromEntries(roles) },
    storage: {
      ...store,
      S3_ADMIN_ACCESS_KEY_ID: s3.accessKeyId,
      S3_ADMIN_SECRET_ACCESS_KEY: s3.secretAccessKey,
      ...Object.fromEntries(userSettings),
    },
    bus: {
      LAZYPHOTOS_ADMIN_BUS_URL: busUrl,
      LAZYPHOTOS_BUS_API_URL: busApiUrl,
      ...Object.fromEntries([...buses].map(([name, url]) => [`LAZYPHOTOS_${variable(name)}_BUS_URL`, url])),
    },
  };
  for (const [step, env] of Object.entries(steps)) {
    const { code, stdout, stderr } = await run(process.execPath, [program, step], env);
    if (code !== 0) throw new Error(`provisioning ${step} failed: ${stdout}${stderr}`);
  }
}

/** The environment of each service: what its container is given, and nothing that is another's. */
function environments(secrets: Secrets, folder: string, ports: Ports) {
  const urlOf = (name: ServiceName) => `http://127.0.0.1:${ports.http.get(name)}`;
  const common = (name: ServiceName) => ({
    LAZYPHOTOS_HOST: '127.0.0.1',
    LAZYPHOTOS_PORT: String(ports.http.get(name)),
    LAZYPHOTOS_METRICS_PORT: String(ports.metrics.get(name)),
    LAZYPHOTOS_VALIDATE_ANSWERS: 'true',
    LAZYPHOTOS_PUBLIC_URL: urlOf('gateway'),
    LAZYPHOTOS_DATABASE_URL: secrets.databases.get(name) ?? '',
    LAZYPHOTOS_SERVICE_KEY: secrets.keys.privateKey(name),
    LAZYPHOTOS_PEER_KEYS: secrets.keys.peerKeys,
    LAZYPHOTOS_AUTH_URL: urlOf('auth'),
  });
  const bus = (name: BusUser) => ({ LAZYPHOTOS_BUS_URL: secrets.buses.get(name) ?? '' });
  const store = (name: (typeof STORE_USERS)[number]) => ({
    ...secrets.store,
    S3_ACCESS_KEY_ID: secrets.users.get(name)?.id ?? '',
    S3_SECRET_ACCESS_KEY: secrets.users.get(name)?.secret ?? '',
  });
  const media = { LAZYPHOTOS_MEDIA_SIGNING_KEY: secrets.mediaSigningKey };
  const own: Record<ServiceName, Record<string, string>> = {
    gateway: {
      ...store('gateway'),
      ...media,
      LAZYPHOTOS_UPLOAD_URL: urlOf('upload'),
      LAZYPHOTOS_CATALOG_URL: urlOf('catalog'),
      LAZYPHOTOS_FEED_URL: urlOf('feed'),
      LAZYPHOTOS_MEDIA_WORKER_URL: urlOf('media-worker'),
    },
    auth: { LAZYPHOTOS_DATA_DIR: folder, LAZYPHOTOS_KEYS_DIR: join(folder, 'keys') },
    upload: { ...bus('upload'), ...store('upload'), LAZYPHOTOS_CATALOG_URL: urlOf('catalog') },
    catalog: {
      ...bus('catalog'),
      ...media,
      LAZYPHOTOS_FEED_URL: urlOf('feed'),
      LAZYPHOTOS_MEDIA_WORKER_URL: urlOf('media-worker'),
    },
    feed: { ...bus('feed'), ...media },
    'media-worker': {
      ...bus('media-worker'),
      ...store('media-worker'),
      LAZYPHOTOS_SCRATCH_DIR: join(folder, 'scratch'),
    },
  };
  return (name: ServiceName) => ({ ...common(name), ...own[name] });
}

interface Ports {
  http: Map<ServiceName, number>;
  metrics: Map<ServiceName, number>;
}

async function takePorts(): Promise<Ports> {
  const ports: Ports = { http: new Map(), metrics: new Map() };
  for (const name of SERVICE_NAMES) {
    ports.http.set(name, await freePort());
    ports.metrics.set(name, await freePort());
  }
  return ports;
}

/** Each service as its container runs it: its own main.js, port, role and key. Its output goes to `<folder>/<name>.log`. */
function createProcesses(
  folder: string,
  environmentOf: (name: ServiceName) => Record<string, string>,
  prefix: (name: ServiceName) => string[] = () => [],
) {
  const children = new Map<ServiceName, ChildProcess>();
  return {
    start: async (name: ServiceName): Promise<void> => {
      const main = join(repository, 'services', name, 'dist/main.js');
      const [program = process.execPath, ...args] = [...prefix(name), process.execPath, main];
      const child = spawn(program, args, {
        env: cleanEnvironment(environmentOf(name)),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
      child.stdout?.pipe(log, { end: false });
      child.stderr?.pipe(log, { end: false });
      child.once('close', () => log.end());
      children.set(name, child);
    },
    /** Resolves to the exit code: null for a killed process, undefined when it was not running. */
    end: (name: ServiceName, signal: NodeJS.Signals): Promise<number | null | undefined> =>
      new Promise((resolve) => {
        const child = children.get(name);
        children.delete(name);
        if (!child) return resolve(undefined);
        if (child.exitCode !== null) return resolve(child.exitCode);
        child.once('close', resolve);
        child.kill(signal);
      }),
  };
}

/** Six processes on the given servers, provisioned first. */
export async function startSixProcesses(
  infrastructure: Infrastructure,
  { settings = {}, prefix }: Launch = {},
): Promise<SixProcesses> {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-six-'));
  const secrets = createSecrets(infrastructure);
  const ports = await takePorts();
  const data = join(folder, 'auth');
  await mkdir(data);
  await mkdir(join(folder, 'scratch'));
  await provision(infrastructure, secrets);
  const environmentOf = environments(secrets, data, ports);
  const settingsOf = (name: ServiceName) => ({
    ...environmentOf(name),
    ...(typeof settings === 'function' ? settings(name) : settings),
  });
  const processes = createProcesses(folder, settingsOf, prefix);
  const url = `http://127.0.0.1:${ports.http.get('gateway')}`;

  const ready = () =>
    eventually(async () => {
      const reply = await http(`${url}/health/ready`);
      if (reply.status !== 200) throw new Error(reply.text);
    });
  const startAll = async () => {
    for (const name of SERVICE_NAMES) await processes.start(name);
    await ready();
  };
  const endAll = (signal: NodeJS.Signals) =>
    Promise.all(SERVICE_NAMES.map((name) => processes.end(name, signal)));

  await startAll().catch(async (error: unknown) => {
    await endAll('SIGKILL');
    throw error;
  });
  return {
    url,
    metricsUrl: `http://127.0.0.1:${ports.metrics.get('upload')}/metrics`,
    folder,
    claimCode: async () =>
      /Claim code of this node: (\S+)/.exec(await readFile(join(folder, 'auth.log'), 'utf8'))?.[1] ?? '',
    claimCodeFile: join(data, 'claim-code.txt'),
    killAndStart: async () => {
      await endAll('SIGKILL');
      await startAll();
    },
    terminate: async () => (await endAll('SIGTERM')).map((code) => code ?? null),
    end: async (name, signal) => {
      await processes.end(name, signal);
    },
    start: processes.start,
    ready,
    addressOf: (name) => `http://127.0.0.1:${ports.http.get(name)}`,
    databaseUrl: (name) => secrets.databases.get(name) ?? '',
    settingsOf,
    remove: async () => {
      await endAll('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
