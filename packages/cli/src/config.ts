import { homedir } from 'node:os';
import { join } from 'node:path';

export const DEFAULT_SERVER = 'http://localhost:8080';

export interface Env {
  /** LAZYPHOTOS_SERVER */
  server: string | undefined;
  /** LAZYPHOTOS_PASSWORD */
  password: string | undefined;
  /** The folder of the credentials and the hashes of files. */
  configDir: string;
}

/** An empty variable counts as unset: shells and container files leave out a variable in this way. */
const given = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

export function readEnv(env: NodeJS.ProcessEnv = process.env): Env {
  const home = given(env.XDG_CONFIG_HOME) ?? join(homedir(), '.config');
  return {
    server: given(env.LAZYPHOTOS_SERVER),
    password: given(env.LAZYPHOTOS_PASSWORD),
    configDir: given(env.LAZYPHOTOS_CONFIG_DIR) ?? join(home, 'lazyphotos'),
  };
}
