import type { FileId, Match, NamedFile } from '../types.js';
import { splitExtension } from './names.js';

/**
 * Returns which XMP files of a folder belong to which photos: `IMG.jpg.xmp` is preferred to `IMG.xmp`, and the latter is for all files of
 * that name, such as a RAW file and its JPEG. Case does not matter. Of names that differ only by case, the exact one is preferred.
 */
export function matchXmp<Id extends FileId>(
  media: readonly NamedFile<Id>[],
  sidecars: readonly NamedFile<Id>[],
): Match<Id>[] {
  const byName = new Map<string, NamedFile<Id>>();
  for (const sidecar of [...sidecars].sort(byNameThenId)) {
    const base = sidecar.name.replace(/\.xmp$/i, '');
    for (const key of [base, keyOf(base)]) if (!byName.has(key)) byName.set(key, sidecar);
  }
  return media.flatMap(({ id, name }) => {
    const [stem] = splitExtension(name);
    const own = byName.get(name) ?? byName.get(keyOf(name));
    const found = own ?? byName.get(stem) ?? byName.get(keyOf(stem));
    if (!found) return [];
    return [{ mediaId: id, sidecarId: found.id, rule: own ? ('exact' as const) : ('extension' as const) }];
  });
}

/** Never the same as a name: no name has a NUL. */
const keyOf = (name: string): string => `\0${name.normalize('NFC').toLowerCase()}`;

function byNameThenId<Id extends FileId>(a: NamedFile<Id>, b: NamedFile<Id>): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
