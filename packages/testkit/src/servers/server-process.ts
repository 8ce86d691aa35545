/** Runs one server of a test run: started by start-server-process.ts, ends with its parent. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openClamd } from '../clamd.js';
import { openMinio } from '../minio.js';
import { openPostgres } from '../postgres.js';
import { openRabbitMq } from '../rabbitmq.js';
import type { OwnServer } from './server.js';
import type { ServerOrder, ServerRequest, ServerResponse, ServerTask } from './start-server-process.js';

const parentEnded = new Promise((resolve) => {
  for (const event of ['disconnect', 'SIGTERM', 'SIGINT']) process.once(event, resolve);
});
const order: ServerOrder = JSON.parse(process.argv[2] ?? '');
const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-test-'));
let server: OwnServer | undefined;
try {
  server = await open(order);
  await server.start();
  respond({ id: 0, result: server.url });
  const allDone = performRequests(server);
  await parentEnded;
  await allDone(); // a restart would start the server after its end
} catch (error) {
  respond({ id: 0, error: messageOf(error) });
} finally {
  await server?.end().catch((error: unknown) => process.stderr.write(`${messageOf(error)}\n`));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  if (process.connected) process.disconnect();
}

async function open(order: ServerOrder): Promise<OwnServer> {
  switch (order.server) {
    case 'postgres':
      return openPostgres(folder, order.settings);
    case 'rabbitmq':
      return openRabbitMq(folder, order.source);
    case 'minio':
      return openMinio(folder, order.source);
    case 'clamd':
      return openClamd(folder, order.source);
  }
}

/**
 * Performs one request after the other: a restart must not overtake the kill before it. Returns a function that resolves when
 * no request is left.
 */
function performRequests(server: OwnServer): () => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve();
  process.on('message', ({ id, task }: ServerRequest) => {
    last = last
      .then(() => perform(server, task))
      .then(
        (result) => respond({ id, result }),
        (error: unknown) => respond({ id, error: messageOf(error) }),
      );
  });
  return () => last;
}

async function perform(server: OwnServer, task: ServerTask): Promise<unknown> {
  if (task === 'queues') {
    if (!server.queues) throw new Error('this server has no queues');
    return server.queues();
  }
  if (task === 'apiUrl') return server.apiUrl;
  if (task === 'kill') return server.kill();
  await server.shutDown();
  return task === 'restart' ? server.start() : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function respond(response: ServerResponse): void {
  // The parent may end at any moment: a response that does not reach it is not an error.
  if (process.connected) process.send?.(response, undefined, undefined, () => {});
}
