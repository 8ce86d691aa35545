import { join } from 'node:path';
import {
  type Environment,
  readSettings,
  type Settings,
  SettingsError,
  withDotEnv,
} from '@lazyphotos/service-kit';
import { nodeSettingKeys } from './settings.js';

/** Reads the environment and the `.env` file of `folder`; tells every problem by a line and answers undefined. */
export function readNodeSettings(
  env: Environment,
  folder: string,
  complain: (line: string) => void,
): Settings<(typeof nodeSettingKeys)[number]> | undefined {
  try {
    return readSettings(withDotEnv(env, join(folder, '.env')), nodeSettingKeys);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    for (const problem of error.problems) complain(problem);
    return undefined;
  }
}
