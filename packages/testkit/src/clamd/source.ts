import { existsSync } from 'node:fs';
import type { Source } from '../servers/messages.js';
import { installDebianPackages, isDebianRoot } from '../tools/debian.js';

const DEBIAN_PROGRAM = '/usr/sbin/clamd';

/**
 * Looks for ClamAV's daemon, and installs it where that is allowed. Always one of our own: it has to know the signature that
 * tests look for, and needs none of the real ones, which are large and come from the internet.
 */
export async function findClamd(): Promise<Source> {
  if (!existsSync(DEBIAN_PROGRAM)) {
    if (!isDebianRoot()) return { kind: 'none', reason: "Debian's clamav-daemon is not installed" };
    await installDebianPackages('ClamAV', ['clamav-daemon']);
  }
  return { kind: 'program', path: DEBIAN_PROGRAM };
}
