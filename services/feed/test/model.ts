import type { Album, AnyEvent, PhotoRecord } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import fc from 'fast-check';
import {
  albumChanged,
  albumDeleted,
  albumRecord,
  photoChanged,
  photoPurged,
  photoRecord,
  photoTrashed,
} from './events.js';
import type { Folded } from './follower.js';

interface ModelAlbum {
  record: Album;
  members: Set<string>;
  /** The places of those that were moved; they stay when a photo leaves the album and count when it comes back. */
  positions: Map<string, string>;
}

/** What somebody does to a library; `pick` and `other` choose among what there is. */
export interface Step {
  act:
    | 'add'
    | 'edit'
    | 'trash'
    | 'restore'
    | 'purge'
    | 'create'
    | 'rename'
    | 'put'
    | 'take'
    | 'move'
    | 'delete';
  pick: number;
  other: number;
}

const number = fc.nat({ max: 1000 });
const act = (weight: number, name: Step['act']) => ({ weight, arbitrary: fc.constant(name) });
export const steps = fc.array(
  fc.record({
    act: fc.oneof(
      act(4, 'add'),
      act(2, 'edit'),
      act(2, 'trash'),
      act(2, 'restore'),
      act(1, 'purge'),
      act(2, 'create'),
      act(1, 'rename'),
      act(5, 'put'),
      act(2, 'take'),
      act(4, 'move'),
      act(1, 'delete'),
    ),
    pick: number,
    other: number,
  }),
  { minLength: 5, maxLength: 60, size: 'max' },
);

const nth = <T>(items: T[], index: number): T | undefined => items[index % items.length];

/** A catalog in memory: what it holds, and the events that the real one would publish on the way there. */
export function createModelLibrary(userId: string) {
  const photos = new Map<string, PhotoRecord>();
  const albums = new Map<string, ModelAlbum>();
  const events: AnyEvent[] = [];
  const list = (deleted: boolean) => [...photos.values()].filter((photo) => photo.isDeleted === deleted);
  const inSight = (album: ModelAlbum) =>
    [...album.members].filter((id) => photos.get(id)?.isDeleted === false);
  /** By place, those without one last. */
  const inOrder = (album: ModelAlbum) => {
    const keyOf = (id: string) => `${album.positions.get(id) ?? '~'} ${id}`;
    return inSight(album).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  };

  const change = (
    album: ModelAlbum,
    added: string[],
    removed: string[],
    more: Partial<Album> = {},
    positions?: Record<string, string>,
  ) => {
    const version = album.record.version + 1;
    album.record = { ...album.record, ...more, version, itemCount: inSight(album).length };
    events.push(albumChanged(album.record, added, removed, positions));
  };
  const albumsOf = (photoId: string) => [...albums.values()].filter(({ members }) => members.has(photoId));
  const replace = (photo: PhotoRecord, more: Partial<PhotoRecord>): PhotoRecord => {
    const next = { ...photo, ...more, version: photo.version + 1 };
    photos.set(photo.id, next);
    return next;
  };

  const actions: Record<Step['act'], (step: Step) => void> = {
    add: () => {
      const photo = photoRecord(userId);
      photos.set(photo.id, photo);
      events.push(photoChanged(photo));
    },
    edit: ({ pick }) => {
      const photo = nth(list(false), pick);
      if (photo) events.push(photoChanged(replace(photo, { favorite: !photo.favorite })));
    },
    trash: ({ pick }) => {
      const photo = nth(list(false), pick);
      if (!photo) return;
      events.push(photoTrashed(photo, replace(photo, { isDeleted: true }).version));
      for (const album of albumsOf(photo.id)) change(album, [], [photo.id]);
    },
    restore: ({ pick }) => {
      const photo = nth(list(true), pick);
      if (!photo) return;
      events.push(photoChanged(replace(photo, { isDeleted: false })));
      for (const album of albumsOf(photo.id)) change(album, [photo.id], []);
    },
    purge: ({ pick }) => {
      const photo = nth([...photos.values()], pick);
      if (!photo) return;
      photos.delete(photo.id);
      events.push(photoPurged(photo, photo.version + 1));
      for (const album of albumsOf(photo.id)) {
        album.members.delete(photo.id);
        if (!photo.isDeleted) change(album, [], [photo.id]);
      }
    },
    create: () => {
      const record = albumRecord(userId);
      albums.set(record.id, { record, members: new Set(), positions: new Map() });
      events.push(albumChanged(record));
    },
    rename: ({ pick, other }) => {
      const album = nth([...albums.values()], pick);
      if (album) change(album, [], [], { name: `Name ${other}` });
    },
    put: ({ pick, other }) => {
      const album = nth([...albums.values()], pick);
      const photo = nth(list(false), other);
      if (!album || !photo || album.members.has(photo.id)) return;
      album.members.add(photo.id);
      change(album, [photo.id], []);
    },
    take: ({ pick, other }) => {
      const album = nth([...albums.values()], pick);
      const photoId = album && nth(inSight(album), other);
      if (!album || photoId === undefined) return;
      album.members.delete(photoId);
      change(album, [], [photoId]);
    },
    move: ({ pick, other }) => {
      const album = nth([...albums.values()], pick);
      const photoId = album && nth(inSight(album), other);
      if (!album || photoId === undefined) return;
      const position = `a${other % 10}`;
      album.positions.set(photoId, position);
      change(album, [], [], { order: 'manual' }, { [photoId]: position });
    },
    delete: ({ pick }) => {
      const album = nth([...albums.values()], pick);
      if (!album) return;
      albums.delete(album.record.id);
      events.push(albumDeleted(album.record, album.record.version + 1));
    },
  };

  return {
    events,
    live: (step: Step): void => actions[step.act](step),
    /** What a client has to end with. */
    state: (): Folded => ({
      photos: new Map(list(false).map(({ id, version }) => [id, version])),
      albums: new Map(
        [...albums.values()].map((album) => {
          const { id, name, version } = album.record;
          return [id, { name, version, photoIds: inOrder(album) }];
        }),
      ),
    }),
  };
}

export const libraryAfter = (history: Step[]) => {
  const userId = newId();
  const library = createModelLibrary(userId);
  for (const step of history) library.live(step);
  return { userId, events: library.events, state: library.state() };
};
