import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { authFolders, authSettings } from '@lazyphotos/auth';
import { catalogSettings } from '@lazyphotos/catalog';
import { databaseSettings } from '@lazyphotos/database';
import { gatewaySettings } from '@lazyphotos/gateway';
import { mediaSettings } from '@lazyphotos/media-worker';
import { isKnownSetting, readKnownSettings } from '@lazyphotos/runtime';
import {
  chassisSettings,
  type Environment,
  mediaUrlSettings,
  oneOf,
  SettingsError,
  type SettingsOf,
  setting,
  shareSettings,
} from '@lazyphotos/service-kit';
import { uploadSettings } from '@lazyphotos/upload';

/** Every setting that a node in one process reads. */
export const nodeSettings = {
  ...chassisSettings,
  dataDir: authFolders.dataDir,
  mediaBaseUrl: mediaUrlSettings.mediaBaseUrl,
  mediaUrlSeconds: mediaUrlSettings.mediaUrlSeconds,
  shareMediaSeconds: shareSettings.shareMediaSeconds,
  databasePool: databaseSettings.databasePool,
  logOutput: setting(
    'LAZYPHOTOS_LOG_OUTPUT',
    oneOf('auto', 'stdout', 'file').default('auto'),
    'Where `npm start` writes its JSON logs: `file` is <data>/logs, `auto` is the file on a terminal and stdout elsewhere',
  ),
  ...authSettings,
  ...uploadSettings,
  ...catalogSettings,
  ...gatewaySettings,
  ...mediaSettings,
};
export type NodeSettings = SettingsOf<typeof nodeSettings>;

/**
 * Adds the settings of a `.env` file, if there is one; the real environment wins. A file that has COMPOSE_FILE was written by
 * scripts/setup for the containers, and is ignored.
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
  const values = parseEnv(content);
  if ('COMPOSE_FILE' in values) return env;
  const unknown = Object.keys(values).filter((name) => !isKnownSetting(name));
  if (unknown.length > 0)
    throw new SettingsError(unknown.map((name) => `${name} in ${file} is not a known setting`));
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  return { ...values, ...given };
}

/** Reads the environment and the `.env` file of `folder`. Reports each problem as a line, and then returns undefined. */
export function readNodeSettings(
  env: Environment,
  folder: string,
  complain: (line: string) => void,
): NodeSettings | undefined {
  try {
    return readKnownSettings(withDotEnv(env, join(folder, '.env')), nodeSettings);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    for (const problem of error.problems) complain(problem);
    return undefined;
  }
}
