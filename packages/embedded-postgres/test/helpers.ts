import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach } from '@jest/globals';
import { Client } from 'pg';
import { type PostgresServer, type StartOptions, startPostgres } from '../src/index.js';
import { serverProcesses } from '../src/server-process.js';

const POLL_MS = 5;
const folders: string[] = [];
const nodes: ChildProcess[] = [];

afterEach(async () => {
  for (const node of nodes.splice(0)) node.kill('SIGKILL');
  for (const folder of folders.splice(0)) {
    for (const pid of await serverProcesses(join(folder, 'postgres'))) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
});

/** Returns a data folder that does not exist yet. It is removed after the test, and a server that works on it is killed. */
export async function newDataDir(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, 'lazyphotos-postgres-'));
  folders.push(folder);
  return join(folder, 'postgres');
}

/** Without fsync: these tests kill processes, but cut no power. */
export function start(dataDir: string, options: Partial<StartOptions> = {}): Promise<PostgresServer> {
  return startPostgres({ dataDir, settings: { fsync: 'off' }, ...options });
}

/** Resolves when the condition is true. The test's own time limit ends it. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(POLL_MS);
}

export interface OtherNode {
  process: ChildProcess;
  port: number;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const NODE_SCRIPT = join(dirname(fileURLToPath(import.meta.url)), 'fixtures/node.mjs');

/** Another process that starts the database; `onLine` sees its log. */
export function forkNode(dataDir: string, lockName = '', onLine = (_line: string): void => {}): ChildProcess {
  const child = fork(NODE_SCRIPT, [dataDir, lockName], { execArgv: [] });
  nodes.push(child);
  child.on('message', (message: { line?: string }) => message.line && onLine(message.line));
  return child;
}

export async function otherNode(dataDir: string, lockName = ''): Promise<OtherNode> {
  const child = forkNode(dataDir, lockName);
  const port = await new Promise<number>((resolve, reject) => {
    child.on('message', (message: { port?: number }) => message.port && resolve(message.port));
    child.once('exit', (code) => reject(new Error(`the other node left with ${code}`)));
  });
  return {
    process: child,
    port,
    kill: () => leave(child, () => child.kill('SIGKILL')),
    stop: () => leave(child, () => child.send('stop')),
  };
}

async function leave(child: ChildProcess, ask: () => void): Promise<void> {
  const left = once(child, 'exit');
  ask();
  await left;
}

export async function query<Row>(
  server: PostgresServer,
  text: string,
  database = 'postgres',
): Promise<Row[]> {
  const client = new Client({ connectionString: server.url(database) });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

export async function postmasterPid(dataDir: string): Promise<number> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8');
  return Number(text.split('\n')[0]);
}
