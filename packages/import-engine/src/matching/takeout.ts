import type { Match, NamedFile, NamedSidecar } from '../types.js';

export function matchSidecars<Id extends string | number | bigint>(
  media: readonly NamedFile<Id>[],
  sidecars: readonly NamedSidecar<Id>[],
): Match<Id>[] {
  const byStem = new Map(sidecars.map(({ id, name }) => [name.replace(/(?:\.supp[^.]*)?\.json$/i, ''), id]));
  return media.flatMap(({ id, name }) => {
    const sidecarId = byStem.get(name);
    return sidecarId === undefined ? [] : [{ mediaId: id, sidecarId, rule: 'exact' as const }];
  });
}
