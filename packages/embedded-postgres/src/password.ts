import { randomBytes } from 'node:crypto';
import { chmod, open, readFile, rename } from 'node:fs/promises';
import { errnoOf } from './errors.js';

/** Reads the password beside the data or makes one. A file without content (a power cut while writing) counts as none. */
export async function readOrCreatePassword(file: string): Promise<string> {
  const stored = await readFile(file, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  });
  if (stored.trim() !== '') {
    await chmod(file, 0o600);
    return stored.trim();
  }
  const value = randomBytes(24).toString('base64url');
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(`${value}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  return value;
}
