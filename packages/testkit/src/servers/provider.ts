/**
 * Finds the servers of one jest run when a suite first asks for one, and runs the PostgreSQL and the node that suites share: started by
 * jest's global setup, ends with its parent. A process of its own, because test files wait for it and may block the process of jest itself.
 */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from '../browser.js';
import { findClamd } from '../clamd.js';
import { listen } from '../http.js';
import { findMinio } from '../minio.js';
import { findRunningPostgres, startSuitesPostgres } from '../postgres.js';
import { findRabbitMq } from '../rabbitmq.js';
import { nodeFolder, type OwnNode, startSuitesNode } from '../suites-node.js';
import type { Source } from './server.js';
import type { OwnTestServer } from './start-server-process.js';
import { PROVIDER_FILE, type ServerName, sourceFile } from './test-run.js';

const NAMES: Record<ServerName, string> = {
  postgres: 'PostgreSQL',
  rabbitmq: 'RabbitMQ',
  minio: 'MinIO',
  clamd: 'ClamAV',
  chromium: 'Chromium',
  node: 'node',
};
const FINDERS: Record<ServerName, () => Promise<Source>> = {
  postgres: findOrStartPostgres,
  rabbitmq: findRabbitMq,
  minio: findMinio,
  clamd: findClamd,
  chromium: findChromium,
  node: startNode,
};

const parentEnded = new Promise((resolve) => {
  for (const event of ['disconnect', 'SIGTERM', 'SIGINT']) process.once(event, resolve);
});
const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-run-'));
const SOURCES = new Map<ServerName, Promise<void>>();
let postgres: OwnTestServer | undefined;
let node: OwnNode | undefined;

const provider = await listen(async (request, response) => {
  const name = (request.url ?? '').slice(1) as ServerName;
  if (!SOURCES.has(name)) SOURCES.set(name, provide(name));
  await SOURCES.get(name);
  response.end();
});
await writeFile(join(folder, PROVIDER_FILE), provider.url);
process.send?.(folder);

await parentEnded;
await provider.close();
await Promise.allSettled(SOURCES.values()); // a server that is just starting has to be stopped, too
await Promise.all([postgres?.stop(), node?.stop()]);
await rm(folder, { recursive: true, force: true });
if (process.connected) process.disconnect();

async function provide(name: ServerName): Promise<void> {
  const source = await FINDERS[name]().catch(
    (error: unknown): Source => ({
      kind: 'none',
      reason: error instanceof Error ? error.message : String(error),
    }),
  );
  if (source.kind === 'none') {
    const outcome = process.env.CI === 'true' ? 'fail' : 'are skipped';
    process.stderr.write(`No ${NAMES[name]} for tests: suites that need it ${outcome}. ${source.reason}\n`);
  }
  const file = sourceFile(folder, name);
  await writeFile(`${file}.new`, JSON.stringify(source));
  await rename(`${file}.new`, file);
}

async function findOrStartPostgres(): Promise<Source> {
  const url = await findRunningPostgres();
  if (url !== undefined) return { kind: 'shared', url };
  postgres = await startSuitesPostgres();
  return { kind: 'shared', url: postgres.url };
}

async function startNode(): Promise<Source> {
  node = await startSuitesNode(nodeFolder(folder));
  return { kind: 'shared', url: node.url };
}
