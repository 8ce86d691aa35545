import { parseArgs } from 'node:util';
import { topology } from '@lazyphotos/contracts';
import { reasonOf } from '@lazyphotos/database';
import { deadLetterActions, openBus } from '@lazyphotos/messaging';
import { busSettings } from '@lazyphotos/messaging/settings';
import { readKnownSettings } from '@lazyphotos/runtime';
import {
  chassisSettings,
  createLogger,
  describeError,
  type Environment,
  type Logger,
  SettingsError,
} from '@lazyphotos/service-kit';
import { provisionBus } from './bus/provision.js';
import { readBusUserSettings } from './bus/settings.js';
import { provisionPostgres } from './postgres/provision.js';
import { readPostgresSettings } from './postgres/settings.js';
import { provisionStorage } from './storage/provision.js';
import { readStorageSettings } from './storage/settings.js';

type Command = (env: Environment, logger: Logger, print: (line: string) => void) => Promise<void>;
type Output = Pick<NodeJS.WritableStream, 'write'>;

const USAGE = `usage: provision postgres | storage | bus | dead-letters [list | replay]

  postgres      a role, a database and its tables for each service
  storage       the bucket, and on MinIO a user for each service that uses it
  bus           the queues of RabbitMQ, and a user for each service that uses them
  dead-letters  the events that kept failing: lists them, or delivers them again

Settings are environment variables: see docs/configuration.md. Every command may be run again at any time.
`;

const COMMANDS: Readonly<Record<string, Command>> = {
  postgres: (env, logger) => provisionPostgres({ ...readPostgresSettings(env), logger }),
  storage: (env, logger) => provisionStorage({ ...readStorageSettings(env), logger }),
  bus: (env, logger) => provisionBus({ ...readBusUserSettings(env), logger }),
  'dead-letters': (env, _, print) => handleDeadLetters(env, 'list', print),
  'dead-letters list': (env, _, print) => handleDeadLetters(env, 'list', print),
  'dead-letters replay': (env, _, print) => handleDeadLetters(env, 'replay', print),
};

/** Runs one command. Returns the exit code: 0 done, 1 failed, 2 wrong settings or usage. */
export async function run(
  args: string[],
  { env, stdout, stderr }: { env: Environment; stdout: Output; stderr: Output },
): Promise<number> {
  const name = commandName(args);
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    stderr.write(USAGE);
    return 2;
  }
  let logger: Logger | undefined;
  try {
    const { logLevel } = readKnownSettings(env, { logLevel: chassisSettings.logLevel });
    logger = createLogger({ level: logLevel }).child({ service: 'provision' });
    await command(env, logger, (line) => stdout.write(`${line}\n`));
    return 0;
  } catch (error) {
    if (error instanceof SettingsError) {
      stderr.write(`${error.message}\n`);
      return 2;
    }
    logger?.debug('failed', { error: describeError(error) });
    stderr.write(`provision ${name}: ${reasonOf(error)}\n`);
    return 1;
  }
}

/** Returns undefined for options, which no command has. */
function commandName(args: string[]): string | undefined {
  try {
    return parseArgs({ args, allowPositionals: true }).positionals.join(' ');
  } catch {
    return undefined;
  }
}

async function handleDeadLetters(
  env: Environment,
  action: keyof typeof deadLetterActions,
  print: (line: string) => void,
): Promise<void> {
  const { busUrl } = readKnownSettings(env, busSettings);
  const bus = await openBus({ url: busUrl, topology, name: 'dead-letters' });
  try {
    await deadLetterActions[action](bus, Object.keys(topology), print);
  } finally {
    await bus.close();
  }
}
