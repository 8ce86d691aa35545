import type { EventPayload } from '@lazyphotos/contracts';
import { type Database, run } from '@lazyphotos/database';
import type { FeedDb } from './prisma.js';
import {
  type AlbumChange,
  type AlbumItem,
  APPEND,
  APPEND_ALBUMS,
  type Change,
  type Foreign,
} from './queries.js';

type AlbumChanged = EventPayload<'album.changed'>;
type AlbumDeleted = EventPayload<'album.deleted'>;

/** The state of a photo that an event tells. */
export const photoChange = ({ photo }: EventPayload<'photo.changed'>): Change => ({
  userId: photo.userId,
  entity: 'photo',
  entityId: photo.id,
  version: photo.version,
  deleted: false,
  data: photo,
  updatedAt: photo.updatedAt,
});

/** `permanent`: the photo was purged. */
export const photoTombstone = (
  { photoId, userId, version, deletedAt }: EventPayload<'photo.trashed'>,
  permanent: boolean,
): Change => ({
  userId,
  entity: 'photo',
  entityId: photoId,
  version,
  deleted: true,
  data: { entity: 'photo', id: photoId, deletedAt, permanent },
  updatedAt: deletedAt,
});

const albumTombstone = ({ albumId, userId, version, deletedAt }: AlbumDeleted): Change => ({
  userId,
  entity: 'album',
  entityId: albumId,
  version,
  deleted: true,
  data: { entity: 'album', id: albumId, deletedAt, permanent: true },
  updatedAt: deletedAt,
});

/** Returns a change for each event, with the items of all events of its album. */
function albumChanges(events: readonly AlbumChanged[]): AlbumChange[] {
  const items = new Map<string, AlbumItem[]>();
  const keyOf = ({ album }: AlbumChanged) => `${album.userId} ${album.id}`;
  for (const [key, ofAlbum] of Map.groupBy(events, keyOf)) items.set(key, newestItems(ofAlbum));
  return events.map(({ album, ...event }) => ({
    userId: album.userId,
    entity: 'album',
    entityId: album.id,
    version: album.version,
    deleted: false,
    data: album,
    updatedAt: album.updatedAt,
    items: items.get(keyOf({ album, ...event })) ?? [],
  }));
}

/** Returns of each photo that the events of one album name the newest presence and the newest position. */
function newestItems(events: readonly AlbumChanged[]): AlbumItem[] {
  const items = new Map<string, AlbumItem>();
  const itemOf = (photoId: string): AlbumItem => {
    const item = items.get(photoId) ?? {
      photoId,
      version: 0,
      present: false,
      positionVersion: 0,
      position: null,
    };
    items.set(photoId, item);
    return item;
  };
  for (const { album, added, removed, positions = {} } of events) {
    // A photo that one event adds and removes is removed: it comes last, and counts at the same version.
    for (const [photoIds, present] of [[added, true] as const, [removed, false] as const])
      for (const photoId of photoIds) {
        const item = itemOf(photoId);
        if (item.version <= album.version) Object.assign(item, { version: album.version, present });
      }
    for (const [photoId, position] of Object.entries(positions)) {
      const item = itemOf(photoId);
      if (item.positionVersion < album.version)
        Object.assign(item, { positionVersion: album.version, position });
    }
  }
  return [...items.values()];
}

/** Returns the newest change of each entity, in the order of the first ones; of two with the same version the first. */
function newestOfEach<C extends Change>(changes: readonly C[]): C[] {
  const newest = new Map<string, C>();
  for (const change of changes) {
    const key = `${change.userId} ${change.entity} ${change.entityId}`;
    const known = newest.get(key);
    if (!known || known.version < change.version) newest.set(key, change);
  }
  return [...newest.values()];
}

/** The largest JSON array that one statement is given, in characters, unless a single change is larger. */
const STATEMENT_LENGTH = 1_000_000;
/** So many photos are named by the events of albums that one statement appends, unless a single event names more. */
const STATEMENT_ITEMS = 5000;

/** Splits a list, in its order, into pieces whose sizes make no more than `most` together, unless a single one is larger. */
function inPieces<T>(items: readonly T[], sizeOf: (item: T) => number, most: number): T[][] {
  const pieces: T[][] = [];
  let sum = Number.POSITIVE_INFINITY;
  for (const item of items) {
    sum += sizeOf(item);
    if (sum > most) {
      pieces.push([]);
      sum = sizeOf(item);
    }
    pieces.at(-1)?.push(item);
  }
  return pieces;
}

/**
 * Puts changes at the end of their owners' logs: in one statement, or in several if they are large. Older and repeated changes are dropped.
 * Resolves to those that name what is another user's, and were left out.
 */
export async function recordChanges(database: Database, changes: readonly Change[]): Promise<Foreign[]> {
  const foreign: Foreign[] = [];
  const texts = newestOfEach(changes).map((change) => JSON.stringify(change));
  for (const piece of inPieces(texts, ({ length }) => length, STATEMENT_LENGTH))
    foreign.push(...(await run(database, APPEND, [`[${piece.join()}]`])));
  return foreign;
}

const itemCountOf = ({ added, removed, positions = {} }: AlbumChanged): number =>
  added.length + removed.length + Object.keys(positions).length;

/**
 * Puts changed albums at the end of their owners' logs, with what the events say about their photos: in one statement, or in several if
 * the events are large. Resolves to the changes that name another user's album, and were left out.
 */
export async function recordAlbums(database: Database, events: readonly AlbumChanged[]): Promise<Foreign[]> {
  const foreign: Foreign[] = [];
  for (const piece of inPieces(events, itemCountOf, STATEMENT_ITEMS))
    foreign.push(
      ...(await run(database, APPEND_ALBUMS, [JSON.stringify(newestOfEach(albumChanges(piece)))])),
    );
  return foreign;
}

/**
 * Puts tombstones of albums at the end of their owners' logs, and forgets which photos were in them: no entry shows those any more. A crash in
 * between repeats the events. Resolves to those that name another user's album: those change nothing.
 */
export async function recordAlbumTombstones(
  database: Database,
  db: FeedDb,
  events: readonly AlbumDeleted[],
): Promise<Foreign[]> {
  const foreign = await recordChanges(database, events.map(albumTombstone));
  const isForeign = ({ albumId, userId }: AlbumDeleted) =>
    foreign.some((change) => change.entityId === albumId && change.userId === userId);
  const deleted = events.filter((event) => !isForeign(event)).map(({ albumId }) => albumId);
  await db.feedAlbumItem.deleteMany({ where: { albumId: { in: deleted } } });
  return foreign;
}
