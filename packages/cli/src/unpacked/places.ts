import { basename, dirname, sep } from 'node:path';
import { type LocalPath, readableName, readablePath } from '../local-path.js';

/** Where a file lies, in Unicode form NFC: macOS writes NFD. */
export interface Place {
  /** The folder on this computer. */
  folder: string;
  /**
   * The folder in the export, with `/`. Parts of an export that were unpacked into folders of their own have the same, as in
   * `part-1/Takeout/Google Photos/Trip` and `part-2/Takeout/Google Photos/Trip`.
   */
  exportFolder: string;
  name: string;
}

const isTakeout = (segment: string): boolean => segment.toLowerCase() === 'takeout';

/** Returns what finds out where files below a folder lie. */
export function placesBelow(root: LocalPath): (path: LocalPath) => Place {
  const above = dirname(readablePath(root));
  // The folder that was given may be a part of an export: `Takeout/Google Photos` or an album in it.
  const begin = [above, dirname(above)].find((folder) => isTakeout(basename(folder)));
  const prefix = begin === undefined ? above : dirname(begin);
  return (path) => {
    const folder = dirname(readablePath(path));
    const segments = folder
      .slice(prefix.length)
      .split(sep)
      .filter((segment) => segment !== '');
    const exported = segments.slice(Math.max(0, segments.findIndex(isTakeout)));
    return {
      folder: folder.normalize('NFC'),
      exportFolder: exported.join('/').normalize('NFC'),
      name: readableName(path).normalize('NFC'),
    };
  };
}
