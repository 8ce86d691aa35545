import { spawnSync } from 'node:child_process';
import { say, step } from './output.mjs';
import { runTool } from './run-tool.mjs';

/** exiftool, which reads the metadata of photos, is a Perl program. Perl is installed in CI, and where someone asked for it. */
export async function ensurePerl(mayInstall) {
  if (spawnSync('perl', ['-v']).status === 0) return;
  if (!mayInstall || process.getuid?.() !== 0) {
    say(
      'Perl is missing, and exiftool needs it: install it (Debian: apt install perl, or npm test -- --install-servers as root), or its tests fail.',
    );
    return;
  }
  const install = 'apt-get update && apt-get install --yes --no-install-recommends perl';
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await step('Installing Perl', 'exiftool needs it', () =>
    runTool(['sh', '-c', install], { env, failure: 'Installing Perl failed: see above.' }),
  );
}
