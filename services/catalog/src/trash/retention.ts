import { describeError, type Logger } from '@lazyphotos/service-kit';
import type { CatalogDb } from '../prisma.js';
import type { Transitions } from './transitions.js';

const DAY_SECONDS = 86_400;
/** How many photos are read at a time; a stop waits for as many. */
const BATCH = 50;

/** When a photo that came into the trash at `deletedAt` is removed for good. */
export const purgeTime = (deletedAt: Date, days: number): Date =>
  new Date(deletedAt.getTime() + days * DAY_SECONDS * 1000);

export interface Retention {
  /** How long photos stay in the trash of this user. */
  daysOf(userId: string): Promise<number>;
  /** Sets it; null: the node's setting. */
  setDays(userId: string, days: number | null): Promise<void>;
  /**
   * Removes for good what has been in the trash for too long, batch by batch until the signal. What fails is left for the next
   * call and does not stop the others. Returns how many photos.
   */
  purgeExpired(signal?: AbortSignal): Promise<number>;
}

export interface RetentionDeps {
  db: CatalogDb;
  transitions: Transitions;
  /** For users who have set nothing. */
  defaultDays: number;
  now: () => Date;
  logger: Logger;
}

interface ExpiredPhoto {
  id: string;
  user_id: string;
  deleted_at: Date;
  days: number;
}

export function createRetention({ db, transitions, defaultDays, now, logger }: RetentionDeps): Retention {
  /** The next batch in the order in which photos came into the trash: those that stay are looked at once in a run. */
  const nextExpired = (at: Date, after: Pick<ExpiredPhoto, 'id' | 'deleted_at'>) =>
    db.$queryRaw<ExpiredPhoto[]>`
      SELECT photos.id, photos.user_id, deleted_at, coalesce(days, ${defaultDays}::int) AS days
      FROM photos LEFT JOIN trash_retention ON trash_retention.user_id = photos.user_id
      WHERE is_deleted AND (deleted_at, id) > (${after.deleted_at}::timestamptz, ${after.id}::uuid)
        AND deleted_at < ${at}::timestamptz - make_interval(secs => coalesce(days, ${defaultDays}::int) * ${DAY_SECONDS}::float8)
      ORDER BY deleted_at, id LIMIT ${BATCH}`;

  const purgeFor = async (userId: string, rows: readonly ExpiredPhoto[], at: Date): Promise<number> => {
    const ids = rows.map((row) => row.id);
    const before = purgeTime(at, -(rows[0]?.days ?? defaultDays));
    try {
      return (await transitions.purge(userId, ids, 'expired', before)).size;
    } catch (error) {
      logger.warn('expired photos of a user were not purged', { userId, error: describeError(error) });
      return 0;
    }
  };

  const purgeExpired = async (signal?: AbortSignal): Promise<number> => {
    const at = now();
    let purged = 0;
    let after = { deleted_at: new Date(0), id: '00000000-0000-0000-0000-000000000000' };
    for (;;) {
      const expired = await nextExpired(at, after);
      for (const [userId, rows] of Map.groupBy(expired, (row) => row.user_id)) {
        purged += await purgeFor(userId, rows, at);
      }
      const last = expired.at(-1);
      if (!last || expired.length < BATCH || signal?.aborted) break;
      after = last;
    }
    if (purged > 0) logger.info('photos purged from the trash', { reason: 'expired', count: purged });
    return purged;
  };

  return {
    daysOf: async (userId) =>
      (await db.trashRetention.findUnique({ where: { userId } }))?.days ?? defaultDays,
    setDays: async (userId, days) => {
      if (days === null) await db.trashRetention.deleteMany({ where: { userId } });
      else await db.trashRetention.upsert({ where: { userId }, create: { userId, days }, update: { days } });
    },
    purgeExpired,
  };
}
