/** Keeps one server of a test run: started by kept-server.ts, ends with its parent. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openClamd } from '../clamd/own.js';
import { openMinio } from '../minio/own.js';
import { openPostgres } from '../postgres/own.js';
import { openRabbitMq } from '../rabbitmq/own.js';
import type { KeeperAnswer, KeeperOrder, KeeperRequest } from './messages.js';
import type { OwnServer } from './own-server.js';

const parentLeft = new Promise((resolve) => {
  for (const event of ['disconnect', 'SIGTERM', 'SIGINT']) process.once(event, resolve);
});
const order: KeeperOrder = JSON.parse(process.argv[2] ?? '');
const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-test-'));
let server: OwnServer | undefined;
try {
  server = await open(order);
  await server.start();
  tell({ id: 0, result: server.url });
  const allAnswered = answerRequests(server);
  await parentLeft;
  await allAnswered(); // a restart would start the server after its end
} catch (error) {
  tell({ id: 0, error: messageOf(error) });
} finally {
  await server?.end().catch((error: unknown) => process.stderr.write(`${messageOf(error)}\n`));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  if (process.connected) process.disconnect();
}

async function open(order: KeeperOrder): Promise<OwnServer> {
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
 * Answers one request after the other: a restart must not overtake the kill before it. The function that it gives
 * resolves when there is nothing more to do.
 */
function answerRequests(server: OwnServer): () => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve();
  process.on('message', ({ id, task }: KeeperRequest) => {
    last = last
      .then(() => perform(server, task))
      .then(
        (result) => tell({ id, result }),
        (error: unknown) => tell({ id, error: messageOf(error) }),
      );
  });
  return () => last;
}

async function perform(server: OwnServer, task: KeeperRequest['task']): Promise<unknown> {
  if (task === 'queues') {
    if (!server.queues) throw new Error('this server has no queues');
    return server.queues();
  }
  if (task === 'kill') return server.kill();
  await server.shutDown();
  return task === 'restart' ? server.start() : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function tell(answer: KeeperAnswer): void {
  // The parent may leave at any moment: an answer that does not reach it is no error.
  if (process.connected) process.send?.(answer, undefined, undefined, () => {});
}
