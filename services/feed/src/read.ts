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
import { BEGIN_EPOCH, type PageLimits, type PageRow, READ_HEAD, READ_PAGE } from './queries.js';

/** Before every id. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

type Tombstone = Extract<FeedItem, { type: 'tombstone' }>['data'];

/**
 * A place in a user's log: after entry number `s` of epoch `e`; with `p` within entry `n`, an album of which the first `o` photos were
 * read, up to the one with the key `k` and the id `i`.
 */
const albumPart = z.object({
  n: z.number().int().nonnegative(),
  o: z.number().int().nonnegative(),
  k: z.string().regex(/^[!-~]{1,200}$/),
  i: z.uuid(),
});
const feedCursor = createCursor(
  z.object({ e: z.uuid(), s: z.number().int().nonnegative(), p: albumPart.optional() }),
);
type FeedCursor = ReturnType<typeof feedCursor.decode>;

/** Resolves to the cursor after the newest entry. */
export async function headCursor(database: Database, userId: string): Promise<string> {
  const [head] = await readBegun(database, () => run(database, READ_HEAD, [userId]));
  return feedCursor.encode({ e: head.epoch, s: Number(head.lastSeq ?? 0) });
}

export interface ReadContext {
  database: Database;
  mediaUrl: MediaUrlFor;
  pageLimits: PageLimits;
}

/**
 * Reads a page of a user's log, oldest change first. A page that would be too large ends earlier, also within an album.
 * @throws ProblemError `invalid_cursor`, `cursor_expired`
 */
export async function readPage(
  { database, mediaUrl, pageLimits: { bytes, photoIds } }: ReadContext,
  userId: string,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
) {
  const given = cursor === undefined ? undefined : feedCursor.decode(cursor);
  const start = given?.s ?? 0;
  const { n = 0, k = '', i = FIRST_ID } = given?.p ?? {};
  const parameters = [userId, start, limit + 1, n, k, i, photoIds, bytes];
  const rows = await readBegun(database, () => run(database, READ_PAGE, parameters));
  const [{ epoch, lastSeq, found }] = rows;
  // A number that was never given comes from a log that was restored from a backup: its cursor has expired, too.
  if (given && (given.e !== epoch || Math.max(given.s, n) > Number(lastSeq ?? 0)))
    throw new ProblemError(
      'cursor_expired',
      'Start again from GET /photos and go on from the feedCursor of its last page.',
    );
  const entries = pageEntries(rows, limit, given?.p);
  const last = entries.at(-1);
  const localPlace = placesForRequest();
  return {
    items: entries.map((entry) => itemOf(entry, mediaUrl, localPlace)),
    cursor: feedCursor.encode({ e: epoch, ...placeAfter(entries, start) }),
    hasMore: entries.length < found || last?.album?.hasRest === true,
  };
}

interface PageEntry extends PageRow {
  /** How many photos of the album the pages before had. */
  offset: number;
}

/** Returns the entries that make the page: up to the limit, and up to an album that has more photos than fit in. */
function pageEntries(rows: readonly PageRow[], limit: number, part: FeedCursor['p']): PageEntry[] {
  const read = rows.filter(({ entity }) => entity !== null).slice(0, limit);
  const cut = read.findIndex(({ album }) => album?.hasRest);
  const entries = cut === -1 ? read : read.slice(0, cut + 1);
  // An album that has changed since its first part has another number, and begins again there.
  return entries.map((entry) => ({ ...entry, offset: part && Number(entry.seq) === part.n ? part.o : 0 }));
}

/** Returns the place behind these entries; `start` if there are none. */
function placeAfter(entries: readonly PageEntry[], start: number): Omit<FeedCursor, 'e'> {
  const last = entries.at(-1);
  if (!last?.album?.hasRest) return { s: Number(last?.seq ?? start) };
  const { seq, offset } = last;
  const { photoIds, lastKey } = last.album;
  const part = { n: Number(seq), o: offset + photoIds.length, k: lastKey ?? '', i: photoIds.at(-1) ?? '' };
  return { s: Number(entries.at(-2)?.seq ?? start), p: part };
}

/** Reads rows with the epoch, which is made once when the logs begin. */
async function readBegun<Row>(database: Database, read: () => Promise<Row[]>): Promise<[Row, ...Row[]]> {
  for (;;) {
    const [first, ...others] = await read();
    if (first) return [first, ...others];
    await run(database, BEGIN_EPOCH, [newId()]);
  }
}

function itemOf(entry: PageEntry, mediaUrl: MediaUrlFor, localPlace: (place: Place) => Place): FeedItem {
  const updatedAt = new Date(entry.updatedAt).toISOString();
  const { offset } = entry;
  const data: unknown = JSON.parse(entry.data);
  if (entry.deleted) return { type: 'tombstone', data: data as Tombstone, updatedAt };
  if (entry.entity === 'album') {
    // Entries that are older than the field are of albums that go by date.
    const album = data as Album;
    const { photoIds = [], hasRest = false } = entry.album ?? {};
    const part = offset > 0 || hasRest ? { part: { offset, isLast: !hasRest } } : {};
    return { type: 'album', data: { ...album, order: album.order ?? 'date', photoIds, ...part }, updatedAt };
  }
  return { type: 'photo', data: photoView(data as PhotoRecord, mediaUrl, localPlace), updatedAt };
}
