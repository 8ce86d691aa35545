import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** The key that signs media URLs, made on the first start. Losing it only ends the URLs that are out. */
export async function mediaSigningKey(keysFolder: string): Promise<string> {
  const file = join(keysFolder, 'media-url.key');
  try {
    const key = (await readFile(file, 'utf8')).trim();
    if (key.length >= 32) return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = randomBytes(32).toString('base64url');
  const handle = await open(`${file}.new`, 'w', 0o600);
  await handle.writeFile(`${key}\n`);
  await handle.sync();
  await handle.close();
  await rename(`${file}.new`, file);
  const folder = await open(keysFolder);
  await folder.sync();
  await folder.close();
  return key;
}
