import {
  type Album,
  type FeedItem,
  type MediaUrlFor,
  type PhotoRecord,
  type Place,
  photoView,
} from '@lazyphotos/contracts';
import { createCursor, newId, ProblemError, placesForRequest } from '@lazyphotos/service-kit';
import { z } from 'zod';
import type { FeedDb, FeedEntry } from './prisma.js';

type Tombstone = Extract<FeedItem, { type: 'tombstone' }>['data'];

/** A place in a user's log: after entry number `s` of epoch `e`. */
const feedCursor = createCursor(z.object({ e: z.uuid(), s: z.number().int().nonnegative() }));

/** Returns the cursor after the newest entry. */
export const headCursor = async (db: FeedDb, userId: string): Promise<string> =>
  feedCursor.encode({ e: await readEpoch(db), s: await lastSeq(db, userId) });

/** Reads a page of a user's log, oldest change first. @throws ProblemError `invalid_cursor`, `cursor_expired` */
export async function readPage(
  db: FeedDb,
  mediaUrl: MediaUrlFor,
  userId: string,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
) {
  const from = await openCursor(db, userId, cursor);
  const entries = await db.feedEntry.findMany({
    where: { userId, seq: { gt: from.s } },
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
    items: entries.map((entry) => itemOf(entry, photoIds.get(entry.entityId) ?? [], mediaUrl, localPlace)),
    cursor: feedCursor.encode({ e: from.e, s: last ? Number(last.seq) : from.s }),
    hasMore,
  };
}

/**
 * Returns where reading starts; without a cursor, the beginning. A number that was never given comes from a log that was restored from a
 * backup: its cursor has expired, too.
 */
async function openCursor(db: FeedDb, userId: string, cursor: string | undefined) {
  const given = cursor === undefined ? undefined : feedCursor.decode(cursor);
  const e = await readEpoch(db);
  if (given && (given.e !== e || given.s > (await lastSeq(db, userId))))
    throw new ProblemError(
      'cursor_expired',
      'Start again from GET /photos and go on from the feedCursor of its last page.',
    );
  return { e, s: given?.s ?? 0 };
}

/** Returns the epoch of the log, which is made once when the log begins. */
async function readEpoch(db: FeedDb): Promise<string> {
  const known = await db.feedEpoch.findUnique({ where: { id: 1 } });
  if (known) return known.epoch;
  await db.feedEpoch.createMany({ data: { id: 1, epoch: newId() }, skipDuplicates: true });
  return (await db.feedEpoch.findUniqueOrThrow({ where: { id: 1 } })).epoch;
}

async function lastSeq(db: FeedDb, userId: string): Promise<number> {
  const head = await db.feedHead.findUnique({ where: { userId } });
  return Number(head?.lastSeq ?? 0);
}

/** Reads the photos of each of these albums in its manual order, those without a position last, in one query. */
async function photoIdsOf(db: FeedDb, albumIds: string[]): Promise<Map<string, string[]>> {
  if (albumIds.length === 0) return new Map();
  const rows = await db.$queryRaw<{ album_id: string; photo_ids: string[] }[]>`
    SELECT album_id, array_agg(photo_id::text ORDER BY position, photo_id) AS photo_ids FROM feed_album_items
    WHERE album_id = ANY(${albumIds}::uuid[]) AND present GROUP BY album_id`;
  return new Map(rows.map((row) => [row.album_id, row.photo_ids]));
}

function itemOf(
  entry: FeedEntry,
  photoIds: string[],
  mediaUrl: MediaUrlFor,
  localPlace: (place: Place) => Place,
): FeedItem {
  const updatedAt = entry.updatedAt.toISOString();
  const data: unknown = entry.data;
  if (entry.deleted) return { type: 'tombstone', data: data as Tombstone, updatedAt };
  if (entry.entity === 'album') {
    // Entries that are older than the field are of albums that go by date.
    const album = data as Album;
    return { type: 'album', data: { ...album, order: album.order ?? 'date', photoIds }, updatedAt };
  }
  return { type: 'photo', data: photoView(data as PhotoRecord, mediaUrl, localPlace), updatedAt };
}
