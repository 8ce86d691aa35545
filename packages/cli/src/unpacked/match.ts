import { basename, dirname, sep } from 'node:path';
import type { Match, MatchRule, NamedFile, NamedSidecar } from '@lazyphotos/import-engine';
import { type LocalPath, readableName, readablePath } from '../local-path.js';

export interface Placed {
  id: number;
  place: Place;
}

export interface PlacedSidecar extends Placed {
  title?: string | undefined;
}

type Matcher = (media: NamedFile<number>[], sidecars: NamedSidecar<number>[]) => Match<number>[];

/** Rules by which one sidecar serves several files. */
const SHARING_RULES: ReadonlySet<MatchRule> = new Set(['edited', 'motion']);

export function groupBy<T extends Placed>(files: readonly T[], key: keyof Place): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const file of files) {
    const group = groups.get(file.place[key]);
    if (group === undefined) groups.set(file.place[key], [file]);
    else group.push(file);
  }
  return groups;
}

const named = ({ id, place }: Placed): NamedFile<number> => ({ id, name: place.name });
const titled = (sidecar: PlacedSidecar): NamedSidecar<number> => ({
  ...named(sidecar),
  title: sidecar.title,
});

const firstOfEachName = <T extends Placed>(files: readonly T[]): T[] => [
  ...new Map(files.toReversed().map((file) => [file.place.name, file])).values(),
];

/**
 * Finds the sidecars of photos by their names: first in the folder of the photo, then, for photos without one, in the same folder of other
 * parts of the export.
 */
export function matchByFolder(
  media: readonly Placed[],
  sidecars: readonly PlacedSidecar[],
  match: Matcher,
): Map<number, Match<number>> {
  const found = new Map<number, Match<number>>();
  const used = new Set<number>();
  const keep = (result: Match<number>): void => {
    found.set(result.mediaId, result);
    used.add(result.sidecarId);
  };
  const sidecarsIn = groupBy(sidecars, 'folder');
  for (const [folder, files] of groupBy(media, 'folder')) {
    const beside = sidecarsIn.get(folder);
    if (beside !== undefined) for (const result of match(files.map(named), beside.map(titled))) keep(result);
  }
  const elsewhere = groupBy(sidecars, 'exportFolder');
  for (const [folder, files] of groupBy(media, 'exportFolder')) {
    const alone = files.filter(({ id }) => !found.has(id));
    const candidates = elsewhere.get(folder) ?? [];
    if (alone.length === 0 || candidates.every(({ place }) => place.folder === alone[0]?.place.folder))
      continue;
    // Two exports side by side have files with the same names: a sidecar of a photo in its folder belongs to no other photo.
    const free = candidates.filter(({ id }) => !used.has(id));
    const taken = candidates.filter(({ id }) => used.has(id));
    for (const result of match(alone.map(named), firstOfEachName([...free, ...taken]).map(titled)))
      if (!used.has(result.sidecarId) || SHARING_RULES.has(result.rule)) keep(result);
  }
  return found;
}

/** The location of a file, in Unicode form NFC: macOS writes NFD. */
export interface Place {
  /** The folder on this computer. */
  folder: string;
  /**
   * The folder in the export, with `/`. It is the same for parts of an export in separate folders, such as
   * `part-1/Takeout/Google Photos/Trip` and `part-2/Takeout/Google Photos/Trip`.
   */
  exportFolder: string;
  name: string;
}

const isTakeout = (segment: string): boolean => segment.toLowerCase() === 'takeout';

/** Returns a function for the locations of files below a folder. */
export function placesBelow(root: LocalPath): (path: LocalPath) => Place {
  const above = dirname(readablePath(root));
  // The given folder may be a part of an export: `Takeout/Google Photos` or an album in it.
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
