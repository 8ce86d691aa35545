import { topology } from '@lazyphotos/contracts';
import { startPostgres } from '@lazyphotos/embedded-postgres';
import { createPgBossBus, type EventBus } from '@lazyphotos/messaging';
import { openDataFolder } from './data-folder.js';
import { explainFailure } from './failures.js';
import { readNodeSettings } from './read-settings.js';

const LISTED = 50;
const say = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`lazyphotos: ${line}\n`);

async function list(bus: EventBus): Promise<void> {
  for (const { queue, pending, deadLetters } of await bus.depths()) {
    say(`${queue}: ${pending} waiting, ${deadLetters} dead`);
    if (deadLetters === 0) continue;
    for (const letter of await bus.deadLetters(queue, LISTED)) {
      say(`  ${letter.failedAt.toISOString()}  ${letter.reason}`);
      say(`    ${JSON.stringify(letter.event)}`);
    }
  }
}

async function replay(bus: EventBus): Promise<void> {
  for (const queue of Object.keys(topology)) {
    const count = await bus.replayDeadLetters(queue);
    if (count > 0) say(`${queue}: ${count} replayed`);
  }
}

/**
 * `dead-letters` lists what the bus has given up; `dead-letters replay` hands it out again. Works beside a running node, on the
 * PostgreSQL that it has started.
 */
async function main(command = 'list'): Promise<number> {
  const action = { list, replay }[command];
  if (!action) {
    complain('usage: dead-letters [list | replay]');
    return 2;
  }
  const settings = readNodeSettings(process.env, process.cwd(), complain);
  if (!settings) return 2;
  try {
    const folder = await openDataFolder(settings.dataDir);
    const postgres = await startPostgres({ dataDir: folder.postgres });
    try {
      await postgres.ensureDatabase('bus');
      const bus = await createPgBossBus({ url: postgres.url('bus'), topology });
      await action(bus).finally(() => bus.close());
    } finally {
      if (!postgres.adopted) await postgres.stop();
    }
    return 0;
  } catch (error) {
    complain(explainFailure(error, settings) ?? (error instanceof Error ? error.message : String(error)));
    return 1;
  }
}

process.exitCode = await main(process.argv[2]);
// The watch over the server's log must not keep the process.
process.exit();
