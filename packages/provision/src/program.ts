import { parseArgs } from 'node:util';
import { reasonOf } from '@lazyphotos/database';
import type { deadLetterActions } from '@lazyphotos/messaging';
import {
  createLogger,
  describeError,
  type Environment,
  type Logger,
  readSettings,
  SettingsError,
} from '@lazyphotos/service-kit';
import { handleDeadLetters } from './dead-letters.js';
import { provisionPostgres } from './postgres/provision.js';
import { readPostgresSettings } from './postgres/settings.js';
import { provisionStorage } from './storage/provision.js';
import { readStorageSettings } from './storage/settings.js';

const USAGE = `usage: provision postgres | storage | dead-letters [list | replay]

  postgres      a role, a database and its tables for each service
  storage       the bucket, and on MinIO a user for each service that uses it
  dead-letters  the events that kept failing: lists them, or hands them out again

Settings are environment variables: see docs/configuration.md. All of it may be run again at any time.
`;

type Say = (line: string) => void;
type Command = (env: Environment, logger: Logger, say: Say) => Promise<void>;

const deadLetters =
  (action: keyof typeof deadLetterActions): Command =>
  (env, _logger, say) =>
    handleDeadLetters({ busUrl: readSettings(env, ['busUrl']).busUrl, action, say });

const commands: Readonly<Record<string, Command>> = {
  postgres: (env, logger) => provisionPostgres({ ...readPostgresSettings(env), logger }),
  storage: (env, logger) => provisionStorage({ ...readStorageSettings(env), logger }),
  'dead-letters': deadLetters('list'),
  'dead-letters list': deadLetters('list'),
  'dead-letters replay': deadLetters('replay'),
};

function commandOf(args: string[]): { name: string; command: Command } | undefined {
  try {
    const { positionals } = parseArgs({ args, allowPositionals: true });
    const name = positionals.join(' ');
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    return command && { name, command };
  } catch {
    return undefined;
  }
}

type Output = Pick<NodeJS.WritableStream, 'write'>;

/** Runs one command and answers the exit code: 0 done, 1 failed, 2 wrong settings or usage. */
export async function run(
  args: string[],
  { env, stdout, stderr }: { env: Environment; stdout: Output; stderr: Output },
): Promise<number> {
  const chosen = commandOf(args);
  if (!chosen) {
    stderr.write(USAGE);
    return 2;
  }
  let logger: Logger | undefined;
  try {
    const { logLevel } = readSettings(env, ['logLevel']);
    logger = createLogger({ level: logLevel }).child({ service: 'provision' });
    await chosen.command(env, logger, (line) => stdout.write(`${line}\n`));
    return 0;
  } catch (error) {
    if (error instanceof SettingsError) {
      stderr.write(`${error.message}\n`);
      return 2;
    }
    logger?.debug('failed', { error: describeError(error) });
    stderr.write(`provision ${chosen.name}: ${reasonOf(error)}\n`);
    return 1;
  }
}
