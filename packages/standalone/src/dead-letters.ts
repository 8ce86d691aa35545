import { topology } from '@lazyphotos/contracts';
import { startPostgres } from '@lazyphotos/embedded-postgres';
import { createPgBossBus, deadLetterActions, isDeadLetterAction } from '@lazyphotos/messaging';
import { openDataFolder } from './data-folder.js';
import { explainFailure } from './messages.js';
import { readNodeSettings } from './settings.js';

const say = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`lazyphotos: ${line}\n`);

/**
 * `dead-letters` lists the events that kept failing; `dead-letters replay` delivers them again. It works beside a running node, on the
 * PostgreSQL that the node has started.
 */
async function main(command = 'list'): Promise<number> {
  if (!isDeadLetterAction(command)) {
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
      await deadLetterActions[command](bus, Object.keys(topology), say).finally(() => bus.close());
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
// The reader of the server's log would keep the process running.
process.exit();
