import {
  type Album,
  type FeedItem,
  type MediaUrlFor,
  type PhotoRecord,
  type Place,
  photoView,
} from '@lazyphotos/contracts';
import { placesForRequest } from '@lazyphotos/service-kit';
import type { FeedDb, FeedEntry } from '../prisma.js';
import type { Positions } from './position.js';

type Tombstone = Extract<FeedItem, { type: 'tombstone' }>['data'];

/** The photos of each of these albums in its manual order, those without a place last; in one query. */
async function photoIdsOf(db: FeedDb, albumIds: string[]): Promise<Map<string, string[]>> {
  if (albumIds.length === 0) return new Map();
  const rows = await db.$queryRaw<{ album_id: string; photo_ids: string[] }[]>`
    SELECT album_id, array_agg(photo_id::text ORDER BY position, photo_id) AS photo_ids FROM feed_album_items
    WHERE album_id = ANY(${albumIds}::uuid[]) AND present GROUP BY album_id`;
  return new Map(rows.map((row) => [row.album_id, row.photo_ids]));
}

/** Reads pages of a user's log, oldest change first. */
export function createReadPage(db: FeedDb, positions: Positions, mediaUrl: MediaUrlFor) {
  const itemOf = (entry: FeedEntry, photoIds: string[], localPlace: (place: Place) => Place): FeedItem => {
    const updatedAt = entry.updatedAt.toISOString();
    const data: unknown = entry.data;
    if (entry.deleted) return { type: 'tombstone', data: data as Tombstone, updatedAt };
    if (entry.entity === 'album') {
      // Entries that are older than the field are of albums that go by date.
      const album = data as Album;
      return { type: 'album', data: { ...album, order: album.order ?? 'date', photoIds }, updatedAt };
    }
    return { type: 'photo', data: photoView(data as PhotoRecord, mediaUrl, localPlace), updatedAt };
  };

  return async (userId: string, cursor: string | undefined, limit: number) => {
    const { from, cursorAt } = await positions.open(userId, cursor);
    const entries = await db.feedEntry.findMany({
      where: { userId, seq: { gt: from } },
      orderBy: { seq: 'asc' },
      take: limit + 1,
    });
    const hasMore = entries.length > limit;
    if (hasMore) entries.pop();
    const albumIds = entries
      .filter((entry) => entry.entity === 'album' && !entry.deleted)
      .map((entry) => entry.entityId);
    const photoIds = await photoIdsOf(db, albumIds);
    const last = entries.at(-1);
    const localPlace = placesForRequest();
    return {
      items: entries.map((entry) => itemOf(entry, photoIds.get(entry.entityId) ?? [], localPlace)),
      cursor: cursorAt(last ? Number(last.seq) : from),
      hasMore,
    };
  };
}
