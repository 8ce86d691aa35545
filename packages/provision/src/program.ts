import { parseArgs } from 'node:util';
import { reasonOf } from '@lazyphotos/database';
import {
  createLogger,
  describeError,
  type Environment,
  type Logger,
  readSettings,
  SettingsError,
} from '@lazyphotos/service-kit';
import { provisionPostgres } from './postgres/provision.js';
import { readPostgresSettings } from './postgres/settings.js';
import { provisionStorage } from './storage/provision.js';
import { readStorageSettings } from './storage/settings.js';

const USAGE = `usage: provision postgres|storage

  postgres  a role, a database and its tables for each service
  storage   the bucket, and on MinIO a user for each service that uses it

Settings are environment variables: see docs/configuration.md. Both may be run again at any time.
`;

type Command = (env: Environment, logger: Logger) => Promise<void>;

const commands: Readonly<Record<string, Command>> = {
  postgres: (env, logger) => provisionPostgres({ ...readPostgresSettings(env), logger }),
  storage: (env, logger) => provisionStorage({ ...readStorageSettings(env), logger }),
};

function commandOf(args: string[]): { name: string; command: Command } | undefined {
  try {
    const { positionals } = parseArgs({ args, allowPositionals: true });
    const [name = ''] = positionals;
    const command = positionals.length === 1 ? commands[name] : undefined;
    return command && { name, command };
  } catch {
    return undefined;
  }
}

/** Runs one command and answers the exit code: 0 done, 1 failed, 2 wrong settings or usage. */
export async function run(
  args: string[],
  { env, stderr }: { env: Environment; stderr: Pick<NodeJS.WritableStream, 'write'> },
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
    await chosen.command(env, logger);
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
