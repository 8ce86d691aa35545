import { existsSync } from 'node:fs';
import { withSocketLock } from '@lazyphotos/system';
import { run } from './run.js';
import { step } from './step.js';

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
export function isDebianRoot(): boolean {
  return existsSync('/etc/debian_version') && process.getuid?.() === 0;
}

/** Installs packages, and starts no server that they bring. Rejects where that is not possible. */
export async function installDebianPackages(what: string, packages: string[]): Promise<void> {
  if (!isDebianRoot()) throw new Error(`${what} is missing (Debian: apt install ${packages.join(' ')})`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await withSocketLock('apt-get', () =>
    step(`Installing ${what} from Debian's packages, once`, () =>
      run('sh', ['-c', INSTALL, 'install', ...packages], { env, ownSession: true }),
    ),
  );
}
