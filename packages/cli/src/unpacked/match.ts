import type { Match, MatchRule, NamedFile, NamedSidecar } from '@lazyphotos/import-engine';
import type { Place } from './places.js';

export interface Placed {
  id: number;
  place: Place;
}

export interface PlacedSidecar extends Placed {
  title?: string | undefined;
}

type Matcher = (media: NamedFile<number>[], sidecars: NamedSidecar<number>[]) => Match<number>[];

/** Rules by which one sidecar serves several files. */
const sharing: ReadonlySet<MatchRule> = new Set(['edited', 'motion']);

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
 * Finds the sidecars of photos by their names: in each folder, and then, for photos that have none, in the same folder of other parts of
 * the export.
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
    // Two exports that lie side by side have files of the same names: what belongs to a photo beside it belongs to no other one.
    const free = candidates.filter(({ id }) => !used.has(id));
    const taken = candidates.filter(({ id }) => used.has(id));
    for (const result of match(alone.map(named), firstOfEachName([...free, ...taken]).map(titled)))
      if (!used.has(result.sidecarId) || sharing.has(result.rule)) keep(result);
  }
  return found;
}
