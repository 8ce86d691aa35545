import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { type Setting, type SettingKey, type Settings, settingsCatalog } from './catalog.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with the settings, a line each, each naming its variable. */
export class SettingsError extends Error {
  readonly code = 'invalid_settings';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'SettingsError';
  }
}

const PREFIX = 'LAZYPHOTOS_';
/** Read by test helpers only, never by a service. */
const TEST_PREFIXES = ['LAZYPHOTOS_TEST_', 'LAZYPHOTOS_SHARED_PHOTOS'];
/** The command line's own; see packages/cli. */
const CLI_NAMES = ['LAZYPHOTOS_SERVER', 'LAZYPHOTOS_PASSWORD', 'LAZYPHOTOS_CONFIG_DIR'];
const catalog: Readonly<Record<string, Setting>> = settingsCatalog;
const knownNames = new Set(
  Object.values(catalog).flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])),
);

const isForeign = (name: string) =>
  CLI_NAMES.includes(name) || TEST_PREFIXES.some((prefix) => name.startsWith(prefix));

/**
 * Adds the settings of a `.env` file, if there is one; the real environment wins. A file that has COMPOSE_FILE was written by
 * scripts/setup for the containers, and is left to them.
 * @throws SettingsError
 */
export function withDotEnv(env: Environment, file: string): Environment {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return env;
    throw new SettingsError([`${file} cannot be read: ${(error as Error).message}`]);
  }
  const values = parse(content);
  if ('COMPOSE_FILE' in values) return env;
  const unknown = Object.keys(values).filter((name) => !knownNames.has(name) && !isForeign(name));
  if (unknown.length > 0)
    throw new SettingsError(unknown.map((name) => `${name} in ${file} is not a known setting`));
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  return { ...values, ...given };
}

function rawValue(env: Environment, { name, secret }: Setting): string | undefined {
  const direct = env[name];
  if (direct !== undefined && direct !== '') return direct;
  const file = secret ? env[`${name}_FILE`] : undefined;
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new SettingsError([`${name}_FILE: ${(error as Error).message}`]);
  }
}

function readSetting(env: Environment, setting: Setting): { value: unknown } | { problem: string } {
  let raw: string | undefined;
  try {
    raw = rawValue(env, setting);
  } catch (error) {
    return { problem: (error as SettingsError).message };
  }
  const result = setting.schema.safeParse(raw);
  if (result.success) return { value: result.data };
  if (raw === undefined) return { problem: `${setting.name} must be set: ${setting.description}` };
  return { problem: `${setting.name} is malformed: ${result.error.issues[0]?.message ?? 'invalid value'}` };
}

/**
 * Reads the named settings. An empty variable counts as absent.
 * @throws SettingsError naming every malformed, missing or unknown setting at once
 */
export function readSettings<K extends SettingKey>(env: Environment, keys: readonly K[]): Settings<K> {
  const problems = Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !knownNames.has(name) && !isForeign(name))
    .map((name) => `${name} is not a known setting`);
  const values: Record<string, unknown> = {};
  for (const key of keys) {
    const result = readSetting(env, settingsCatalog[key]);
    if ('problem' in result) problems.push(result.problem);
    else values[key] = result.value;
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return values as Settings<K>;
}
