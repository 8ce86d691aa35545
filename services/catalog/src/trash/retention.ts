import { describeError } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import { ownPhotos } from '../visibility.js';
import { purgePhotos } from './transitions.js';

const DAY_SECONDS = 86_400;
/** How many photos are read at a time; a stop waits for as many. */
const BATCH = 50;

/** Returns when a photo that came into the trash at `deletedAt` is purged. */
export const purgeTime = (deletedAt: Date, days: number): Date =>
  new Date(deletedAt.getTime() + days * DAY_SECONDS * 1000);

/** Returns how many days photos stay in the trash of this user. */
export async function trashDaysOf({ db, defaultTrashDays }: CatalogContext, userId: string): Promise<number> {
  return (await db.trashRetention.findUnique({ where: { userId } }))?.days ?? defaultTrashDays;
}

/** Null: the node's setting. */
export async function setTrashDays(
  { db }: CatalogContext,
  userId: string,
  days: number | null,
): Promise<void> {
  if (days === null) await db.trashRetention.deleteMany({ where: { userId } });
  else await db.trashRetention.upsert({ where: { userId }, create: { userId, days }, update: { days } });
}

interface ExpiredPhoto {
  id: string;
  user_id: string;
  deleted_at: Date;
  days: number;
}

/** The next batch in the order in which photos came into the trash: those that stay are looked at once in a run. */
const nextExpired = (
  { db, defaultTrashDays: days }: CatalogContext,
  at: Date,
  after: Pick<ExpiredPhoto, 'id' | 'deleted_at'>,
) =>
  db.$queryRaw<ExpiredPhoto[]>`
    SELECT photos.id, photos.user_id, deleted_at, coalesce(days, ${days}::int) AS days
    FROM photos LEFT JOIN trash_retention ON trash_retention.user_id = photos.user_id
    WHERE is_deleted AND (deleted_at, id) > (${after.deleted_at}::timestamptz, ${after.id}::uuid)
      AND deleted_at < ${at}::timestamptz - make_interval(secs => coalesce(days, ${days}::int) * ${DAY_SECONDS}::float8)
    ORDER BY deleted_at, id LIMIT ${BATCH}`;

/** Returns how many photos were purged. A failure does not stop the purges of other users. */
async function purgeExpiredOf(
  context: CatalogContext,
  userId: string,
  rows: readonly ExpiredPhoto[],
  at: Date,
): Promise<number> {
  const ids = rows.map((row) => row.id);
  const before = purgeTime(at, -(rows[0]?.days ?? context.defaultTrashDays));
  try {
    return (await purgePhotos(context, userId, ids, 'expired', before)).size;
  } catch (error) {
    context.logger.warn('expired photos of a user were not purged', { userId, error: describeError(error) });
    return 0;
  }
}

/**
 * Purges what has been in the trash for too long, batch by batch until the signal. What fails is left for the next call. Returns how
 * many photos.
 */
export async function purgeExpired(context: CatalogContext, signal?: AbortSignal): Promise<number> {
  const at = context.now();
  let purged = 0;
  let after = { deleted_at: new Date(0), id: '00000000-0000-0000-0000-000000000000' };
  for (;;) {
    const expired = await nextExpired(context, at, after);
    for (const [userId, rows] of Map.groupBy(expired, (row) => row.user_id)) {
      purged += await purgeExpiredOf(context, userId, rows, at);
    }
    const last = expired.at(-1);
    if (!last || expired.length < BATCH || signal?.aborted) break;
    after = last;
  }
  if (purged > 0) context.logger.info('photos purged from the trash', { reason: 'expired', count: purged });
  return purged;
}

/** Stores that what is in this user's trash now is to be purged. It is a row, so that a process that ends loses nothing. */
export async function requestEmptying({ db, now }: CatalogContext, userId: string): Promise<void> {
  const requestedAt = now();
  await db.trashPurge.upsert({
    where: { userId },
    create: { userId, requestedAt },
    update: { requestedAt },
  });
}

/**
 * Empties the trash of each user who has requested it, batch by batch until the signal. What is left then, and what fails, is done by
 * the next call. A failure does not stop the emptying for other users.
 */
export async function emptyTrash(context: CatalogContext, signal?: AbortSignal): Promise<void> {
  const requests = await context.db.trashPurge.findMany({ orderBy: { requestedAt: 'asc' } });
  for (const { userId, requestedAt } of requests) {
    if (signal?.aborted) break;
    try {
      await emptyTrashOf(context, userId, requestedAt, signal);
    } catch (error) {
      context.logger.warn('the trash of a user was not emptied', { userId, error: describeError(error) });
    }
  }
}

async function emptyTrashOf(
  context: CatalogContext,
  userId: string,
  requestedAt: Date,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { db, logger } = context;
  const before = new Date(requestedAt.getTime() + 1);
  let purged = 0;
  while (!signal?.aborted) {
    const rows = await db.photo.findMany({
      where: { ...ownPhotos(userId, { trashed: true }), deletedAt: { lt: before } },
      select: { id: true },
      take: BATCH,
    });
    const ids = rows.map(({ id }) => id);
    purged += (await purgePhotos(context, userId, ids, 'emptied', before)).size;
    if (ids.length === BATCH) continue;
    // A request that came meanwhile has a later time, and stays.
    await db.trashPurge.deleteMany({ where: { userId, requestedAt } });
    break;
  }
  logger.info('photos purged from the trash', { reason: 'emptied', userId, count: purged });
}
