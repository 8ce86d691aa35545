import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** One setting: the environment variable, how it is read, and the sentence that documents it. */
export interface Setting<T extends z.ZodType = z.ZodType> {
  name: string;
  schema: T;
  /** What an absent setting means, in words, where the schema has no plain default. */
  absent?: string;
  /** May be given as <NAME>_FILE as well; never logged. */
  secret?: boolean;
  description: string;
}

/** The settings of one owner, by the names that the code uses. */
export type SettingTable = Readonly<Record<string, Setting>>;
/** The values that a table of settings has once it is read. */
export type SettingsOf<T extends SettingTable> = { [K in keyof T]: z.output<T[K]['schema']> };

export const setting = <T extends z.ZodType>(
  name: string,
  schema: T,
  description: string,
  more: Pick<Setting, 'absent' | 'secret'> = {},
): Setting<T> => ({ name, schema, description, ...more });

export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));
export const oneOf = <const T extends readonly string[]>(...values: T) => z.enum(values);
export const flag = oneOf('true', 'false').transform((value) => value === 'true');
export const text = (minLength = 1, error?: string) => z.string().min(minLength, error);
export const url = (protocol: RegExp, error: string) => z.url({ protocol, error });
/** The base of other URLs, without a slash at its end. */
export const baseUrl = (protocol: RegExp, error: string) =>
  url(protocol, error).transform((base) => base.replace(/\/+$/, ''));
export const httpUrl = baseUrl(/^https?$/, 'must be an http(s) URL');

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with the settings: one line for each problem, which names its variable. */
export class SettingsError extends Error {
  readonly code = 'invalid_settings';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'SettingsError';
  }
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

/** @throws SettingsError */
function readSetting(env: Environment, setting: Setting): unknown {
  const raw = rawValue(env, setting);
  const { success, data, error } = setting.schema.safeParse(raw);
  if (success) return data;
  throw new SettingsError([
    raw === undefined
      ? `${setting.name} must be set: ${setting.description}`
      : `${setting.name} is malformed: ${error.issues[0]?.message ?? 'invalid value'}`,
  ]);
}

/**
 * Reads the settings of a table. An empty variable counts as absent. `problems` are those that were found before.
 * @throws SettingsError that names every malformed and missing setting
 */
export function readSettings<T extends SettingTable>(
  env: Environment,
  table: T,
  problems: readonly string[] = [],
): SettingsOf<T> {
  const found = [...problems];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(table)) {
    try {
      values[key] = readSetting(env, setting);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      found.push(...error.problems);
    }
  }
  if (found.length > 0) throw new SettingsError(found);
  return values as SettingsOf<T>;
}
