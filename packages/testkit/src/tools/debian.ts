import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { withSocketLock } from '@lazyphotos/system';
import type { Source } from '../servers/server.js';
import { INSTALL_COMMAND, installsAllowed } from './install.js';
import { run, step } from './run.js';

/**
 * Debian starts a server as soon as it is installed, unless this file says no (invoke-rc.d and deb-systemd-invoke
 * both ask it). Container images have it already; elsewhere it is there during the installation only.
 */
const POLICY_FILE = '/usr/sbin/policy-rc.d';

const INSTALL = `
set -e
if [ ! -e ${POLICY_FILE} ]; then
  trap 'rm -f ${POLICY_FILE}' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > ${POLICY_FILE}
  chmod 755 ${POLICY_FILE}
fi
apt-get update --quiet
apt-get install --quiet --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
`;

/** Whether packages can be installed here: Debian or a child of it, as root. */
function isDebianRoot(): boolean {
  return existsSync('/etc/debian_version') && process.getuid?.() === 0;
}

/** Whether Debian packages can be installed here, and someone asked for it. */
export function mayInstallDebianPackages(): boolean {
  return installsAllowed() && isDebianRoot();
}

/** Installs packages, and starts no server that they bring. Rejects where that is not possible. */
export async function installDebianPackages(what: string, packages: readonly string[]): Promise<void> {
  if (!isDebianRoot()) throw new Error(`${what} is missing (Debian: apt install ${packages.join(' ')})`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await withSocketLock('apt-get', () =>
    step(`Installing ${what} from Debian's packages, once`, () =>
      run('sh', ['-c', INSTALL, 'install', ...packages], { env, ownSession: true }),
    ),
  );
}

/**
 * The source of a server that is a program of Debian's. Installs its packages where it is missing and someone asked for it;
 * otherwise the reason names `otherWays` to get it, and that one.
 */
export async function findDebianProgram(
  what: string,
  program: string,
  packages: readonly string[],
  otherWays: string,
): Promise<Source> {
  if (!existsSync(program)) {
    if (!mayInstallDebianPackages())
      return { kind: 'none', reason: `${otherWays}, or run ${INSTALL_COMMAND} as root on Debian.` };
    await installDebianPackages(what, packages);
  }
  return { kind: 'program', path: program };
}

const PACKAGES = {
  jq: ['jq'],
  nginx: ['nginx'],
  promtool: ['prometheus'],
} as const satisfies Record<string, readonly string[]>;

export type DebianToolName = keyof typeof PACKAGES;

/** Where Debian puts programs that a user's PATH often leaves out. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** The path of a program that is installed. */
export function findDebianTool(name: DebianToolName): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The path of a program of Debian's, which is installed first where it is missing. No server is started by that. */
export async function debianTool(name: DebianToolName): Promise<string> {
  const there = findDebianTool(name);
  if (there !== undefined) return there;
  await installDebianPackages(name, PACKAGES[name]);
  const installed = findDebianTool(name);
  if (installed === undefined) throw new Error(`${name} is installed, but is in no known folder`);
  return installed;
}
