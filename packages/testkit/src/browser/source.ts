import { existsSync } from 'node:fs';
import type { Source } from '../servers/messages.js';
import { installDebianPackages, isDebianRoot } from '../tools/debian.js';

const DEBIAN_PROGRAM = '/usr/bin/chromium';
const PROGRAMS = [
  DEBIAN_PROGRAM,
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Looks for Chromium or Chrome, and installs Debian's package where that is allowed. */
export async function findChromium(): Promise<Source> {
  const found = PROGRAMS.find((program) => existsSync(program));
  if (found) return { kind: 'program', path: found };
  if (!isDebianRoot()) return { kind: 'none', reason: 'neither Chromium nor Chrome is installed' };
  await installDebianPackages('Chromium', ['chromium', 'fonts-dejavu-core']);
  return { kind: 'program', path: DEBIAN_PROGRAM };
}
