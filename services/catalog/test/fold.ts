import type { Album, AnyEvent, PhotoRecord } from '@lazyphotos/contracts';

interface Newest<T> {
  version: number;
  state: T;
}

/** Keeps the state with the highest version, in any order of arrival. */
function keepNewest<T>(map: Map<string, Newest<T>>, id: string, version: number, state: T): void {
  if ((map.get(id)?.version ?? 0) < version) map.set(id, { version, state });
}

/** The state that follows from the catalog's events alone, in any order. */
export function fold(events: readonly AnyEvent[]) {
  const photos = new Map<string, Newest<PhotoRecord | 'trashed' | 'purged'>>();
  const albums = new Map<string, Newest<Album | 'deleted'>>();
  const changes: {
    albumId: string;
    version: number;
    added: string[];
    removed: string[];
    positions: Record<string, string>;
  }[] = [];
  for (const { type, payload } of events) {
    if (type === 'photo.changed') keepNewest(photos, payload.photo.id, payload.photo.version, payload.photo);
    if (type === 'photo.trashed') keepNewest(photos, payload.photoId, payload.version, 'trashed');
    if (type === 'photo.purged') keepNewest(photos, payload.photoId, payload.version, 'purged');
    if (type === 'album.deleted') keepNewest(albums, payload.albumId, payload.version, 'deleted');
    if (type === 'album.changed') {
      const { album, added, removed, positions = {} } = payload;
      keepNewest(albums, album.id, album.version, album);
      changes.push({ albumId: album.id, version: album.version, added, removed, positions });
    }
  }
  const members = new Map<string, Set<string>>();
  const places = new Map<string, string>();
  for (const { albumId, added, removed, positions } of changes.sort((a, b) => a.version - b.version)) {
    const set = members.get(albumId) ?? new Set();
    for (const id of added) set.add(id);
    for (const id of removed) set.delete(id);
    members.set(albumId, set);
    for (const [id, position] of Object.entries(positions)) places.set(`${albumId} ${id}`, position);
  }
  const states = <T>(map: Map<string, Newest<T>>) => [...map].map(([id, { state }]) => ({ id, state }));
  return {
    active: states(photos).flatMap(({ state }) => (typeof state === 'string' ? [] : [state])),
    trashed: states(photos).flatMap(({ id, state }) => (state === 'trashed' ? [id] : [])),
    albums: states(albums).flatMap(({ state }) => (state === 'deleted' ? [] : [state])),
    membersOf: (albumId: string): Set<string> => members.get(albumId) ?? new Set(),
    /** The photos of an album in its manual order. */
    orderOf: (albumId: string): string[] => {
      const placeOf = (id: string) => places.get(`${albumId} ${id}`) ?? '~';
      return [...(members.get(albumId) ?? [])].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
    },
  };
}
