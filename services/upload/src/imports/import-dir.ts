import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { ProblemError } from '@lazyphotos/service-kit';
import type { ImportUser } from './parts.js';

/** An archive in IMPORT_DIR, on the disk of this service, so that it need not be uploaded. */
export interface LocalArchiveFile {
  /** Below IMPORT_DIR, with `/`. */
  path: string;
  name: string;
  sizeBytes: number;
  modifiedAt: Date;
}

/** Names all archives that are directly in IMPORT_DIR. */
const WHOLE_FOLDER = '.';

/**
 * Finds the archive of this name below IMPORT_DIR, or all archives in the folder of this name. `dir` is undefined if it is not set.
 * @throws ProblemError `archive_not_found`; `forbidden` when this user may not import it
 */
export async function findLocalArchives(
  dir: string | undefined,
  { userId, role }: ImportUser,
  given: string,
): Promise<LocalArchiveFile[]> {
  const path = given.replace(/\/$/, '');
  const found = await locateArchive(dir, path);
  const root = await realpath(dir ?? '');
  const isOwn = relative(root, found).split(sep)[0] === userId;
  if (role === 'member' && !isOwn) {
    throw new ProblemError(
      'forbidden',
      'Only the owner and administrators may import all that is below IMPORT_DIR; others what is in the subfolder named by their user id.',
    );
  }
  const isFolder = (await stat(found)).isDirectory();
  const paths = isFolder
    ? (await readdir(found)).sort().map((name) => (path === WHOLE_FOLDER ? name : `${path}/${name}`))
    : [path];
  const described = await Promise.all(paths.map((each) => describe(dir, each).catch(() => undefined)));
  const archives = described.filter((archive) => archive !== undefined);
  if (archives.length === 0) throw notThere(path);
  return archives;
}

/**
 * Resolves to the absolute path. Refuses links: a user who can write into a subfolder could make one to another user's archives, or to
 * a file outside of the folder.
 * @throws ProblemError `archive_not_found`
 */
export async function locateArchive(dir: string | undefined, path: string): Promise<string> {
  if (dir === undefined || (path !== WHOLE_FOLDER && !hasOnlyNames(path))) throw notThere(path);
  try {
    const root = await realpath(dir);
    const named = join(root, path);
    if ((await realpath(named)) === named) return named;
  } catch {
    // It does not exist, or this service must not read it.
  }
  throw notThere(path);
}

async function describe(dir: string | undefined, path: string): Promise<LocalArchiveFile | undefined> {
  const info = await stat(await locateArchive(dir, path));
  if (!info.isFile() || extname(path).toLowerCase() !== '.zip') return undefined;
  return { path, name: path.split('/').at(-1) ?? path, sizeBytes: info.size, modifiedAt: info.mtime };
}

/** Returns whether a path has only names in it: no way up, no absolute path, no device or stream of Windows. */
function hasOnlyNames(path: string): boolean {
  const hasForeign = path.includes('\0') || path.includes('\\');
  return !hasForeign && path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
}

function notThere(path: string): ProblemError {
  return new ProblemError('archive_not_found', 'There is no such archive below IMPORT_DIR.', {
    members: { errors: [{ path: 'body.path', message: `${path} is no archive below IMPORT_DIR` }] },
  });
}
