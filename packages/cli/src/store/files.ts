import { chmod, readFile, stat } from 'node:fs/promises';
import { makeFolderDurably } from '@lazyphotos/system';

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

export const isMissing = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'ENOENT';

/** Takes from others what an older program, a copy or a careless umask gave them. */
async function tighten(path: string, mode: number): Promise<void> {
  const { mode: current } = await stat(path);
  if ((current & 0o077) !== 0) await chmod(path, mode);
}

export async function ensurePrivateFolder(path: string): Promise<void> {
  await makeFolderDurably(path, PRIVATE_FOLDER);
  await tighten(path, PRIVATE_FOLDER);
}

/** The text of a private file, or undefined when there is none. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    await tighten(path, PRIVATE_FILE);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
