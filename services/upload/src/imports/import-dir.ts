import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { Role } from '@lazyphotos/contracts';
import { ProblemError } from '@lazyphotos/service-kit';

/** An archive on the disk of this service. */
export interface LocalArchiveFile {
  /** Below IMPORT_DIR, with `/`. */
  path: string;
  name: string;
  sizeBytes: number;
  modifiedAt: Date;
}

/** Archives that already lie on the disk of this service, so that they need not be uploaded. */
export interface ImportDir {
  /**
   * The archive of this name below IMPORT_DIR, or all archives of the folder of this name.
   * @throws ProblemError `archive_not_found`; `forbidden` when it is not this user's to import
   */
  find(user: { userId: string; role: Role }, path: string): Promise<LocalArchiveFile[]>;
  /** The absolute path of an archive that was found before. @throws ProblemError `archive_not_found` */
  locate(path: string): Promise<string>;
}

const notThere = (path: string) =>
  new ProblemError('archive_not_found', 'There is no such archive below IMPORT_DIR.', {
    members: { errors: [{ path: 'body.path', message: `${path} is no archive below IMPORT_DIR` }] },
  });

/** Names all archives that lie directly in IMPORT_DIR. */
const WHOLE_FOLDER = '.';

const isArchiveName = (name: string): boolean => extname(name).toLowerCase() === '.zip';

/** Whether a path has only names in it: no way up, no absolute path, no device or stream of Windows. */
const hasOnlyNames = (path: string): boolean =>
  !path.includes('\0') &&
  !path.includes('\\') &&
  path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');

export function createImportDir(dir: string | undefined): ImportDir {
  /** Refuses links: a user who can write into a subfolder could make one to another user's archives, or out of the folder. */
  const resolveBelow = async (path: string): Promise<string> => {
    if (dir === undefined || (path !== WHOLE_FOLDER && !hasOnlyNames(path))) throw notThere(path);
    try {
      const root = await realpath(dir);
      const named = join(root, path);
      if ((await realpath(named)) === named) return named;
    } catch {
      // Not there, or not readable for this service.
    }
    throw notThere(path);
  };

  const describe = async (path: string): Promise<LocalArchiveFile | undefined> => {
    const info = await stat(await resolveBelow(path));
    if (!info.isFile() || !isArchiveName(path)) return undefined;
    return { path, name: path.split('/').at(-1) ?? path, sizeBytes: info.size, modifiedAt: info.mtime };
  };

  return {
    locate: resolveBelow,
    find: async ({ userId, role }, given) => {
      const path = given.replace(/\/$/, '');
      const found = await resolveBelow(path);
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
      const described = await Promise.all(paths.map((each) => describe(each).catch(() => undefined)));
      const archives = described.filter((archive) => archive !== undefined);
      if (archives.length === 0) throw notThere(path);
      return archives;
    },
  };
}
