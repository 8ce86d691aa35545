import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '@lazyphotos/system';

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
  await writeFileDurably(file, `${key}\n`);
  return key;
}
