import { matchSidecars, type NamedSidecar } from '../src/index.js';

/** A sidecar by its name, or its name and title. */
export type Given = string | { name: string; title: string };

const nameOf = (sidecar: Given): string => (typeof sidecar === 'string' ? sidecar : sidecar.name);

/** Returns the name of the sidecar and the rule for each name of a photo that has one. */
export function matchNames(
  media: readonly string[],
  sidecars: readonly Given[],
): Record<string, [string, string]> {
  const matches = matchSidecars(
    media.map((name, id) => ({ id, name })),
    sidecars.map(
      (sidecar, id): NamedSidecar<number> => ({
        id,
        name: nameOf(sidecar),
        title: typeof sidecar === 'string' ? undefined : sidecar.title,
      }),
    ),
  );
  return Object.fromEntries(
    matches.map(({ mediaId, sidecarId, rule }) => [
      media[mediaId] ?? '',
      [nameOf(sidecars[sidecarId] ?? ''), rule] as [string, string],
    ]),
  );
}

/** Returns the sidecar's name for one photo beside one sidecar, or undefined. */
export const matchOne = (media: string, sidecar: Given): string | undefined =>
  matchNames([media], [sidecar])[media]?.[1];
