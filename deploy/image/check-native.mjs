/**
 * Fails when a package of a deployed folder lacks the native part that it has for Linux on this processor. pnpm leaves out an
 * optional package that it cannot get without a word, and the service would notice at its first picture.
 *
 *   node deploy/image/check-native.mjs <folder> <x64|arm64>
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The names of the missing packages. */
export function missingNatives(folder, cpu) {
  const manifests = globSync(
    [
      'node_modules/.pnpm/*/node_modules/*/package.json',
      'node_modules/.pnpm/*/node_modules/@*/*/package.json',
    ],
    { cwd: folder },
  );
  return manifests.flatMap((manifest) => {
    const file = join(folder, manifest);
    const { name, optionalDependencies = {} } = JSON.parse(readFileSync(file, 'utf8'));
    const besides = join(dirname(file), ...name.split('/').map(() => '..'));
    const wanted = new RegExp(`linux-${cpu}(-gnu)?$`);
    return Object.keys(optionalDependencies).filter(
      (native) => wanted.test(native) && !existsSync(join(besides, native)),
    );
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, cpu] = process.argv.slice(2);
  if (!folder || !cpu) throw new Error('Usage: node check-native.mjs <deployed folder> <x64|arm64>');
  const missing = missingNatives(folder, cpu);
  if (missing.length > 0) throw new Error(`Missing: ${missing.join(', ')}`);
}
