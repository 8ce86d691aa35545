import {
  type Album,
  type FeedItem,
  type MediaUrlFor,
  type PhotoRecord,
  type Place,
  photoView,
} from '@lazyphotos/contracts';
import { type Database, run } from '@lazyphotos/database';
import { createCursor, newId, ProblemError, placesForRequest } from '@lazyphotos/service-kit';
import { z } from 'zod';
import { BEGIN_EPOCH, type PageRow, READ_HEAD, READ_PAGE } from './queries.js';

type Tombstone = Extract<FeedItem, { type: 'tombstone' }>['data'];

/** A place in a user's log: after entry number `s` of epoch `e`. */
const feedCursor = createCursor(z.object({ e: z.uuid(), s: z.number().int().nonnegative() }));

/** Resolves to the cursor after the newest entry. */
export async function headCursor(database: Database, userId: string): Promise<string> {
  const [head] = await readBegun(database, () => run(database, READ_HEAD, [userId]));
  return feedCursor.encode({ e: head.epoch, s: Number(head.lastSeq ?? 0) });
}

/** Reads a page of a user's log, oldest change first. @throws ProblemError `invalid_cursor`, `cursor_expired` */
export async function readPage(
  database: Database,
  mediaUrl: MediaUrlFor,
  userId: string,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
) {
  const given = cursor === undefined ? undefined : feedCursor.decode(cursor);
  const start = given?.s ?? 0;
  const rows = await readBegun(database, () => run(database, READ_PAGE, [userId, start, limit + 1]));
  const [{ epoch, lastSeq }] = rows;
  // A number that was never given comes from a log that was restored from a backup: its cursor has expired, too.
  if (given && (given.e !== epoch || given.s > Number(lastSeq ?? 0)))
    throw new ProblemError(
      'cursor_expired',
      'Start again from GET /photos and go on from the feedCursor of its last page.',
    );
  const entries = rows.filter(({ entity }) => entity !== null);
  const hasMore = entries.length > limit;
  if (hasMore) entries.pop();
  const localPlace = placesForRequest();
  return {
    items: entries.map((entry) => itemOf(entry, mediaUrl, localPlace)),
    cursor: feedCursor.encode({ e: epoch, s: Number(entries.at(-1)?.seq ?? start) }),
    hasMore,
  };
}

/** Reads rows with the epoch, which is made once when the logs begin. */
async function readBegun<Row>(database: Database, read: () => Promise<Row[]>): Promise<[Row, ...Row[]]> {
  for (;;) {
    const [first, ...others] = await read();
    if (first) return [first, ...others];
    await run(database, BEGIN_EPOCH, [newId()]);
  }
}

function itemOf(entry: PageRow, mediaUrl: MediaUrlFor, localPlace: (place: Place) => Place): FeedItem {
  const updatedAt = new Date(entry.updatedAt).toISOString();
  const { data } = entry;
  if (entry.deleted) return { type: 'tombstone', data: data as Tombstone, updatedAt };
  if (entry.entity === 'album') {
    // Entries that are older than the field are of albums that go by date.
    const album = data as Album;
    return {
      type: 'album',
      data: { ...album, order: album.order ?? 'date', photoIds: entry.photoIds ?? [] },
      updatedAt,
    };
  }
  return { type: 'photo', data: photoView(data as PhotoRecord, mediaUrl, localPlace), updatedAt };
}
