import type { Logger } from '@lazyphotos/service-kit';
import type { CatalogDb } from '../prisma.js';
import type { Transitions } from './transitions.js';

const BATCH = 200;

export interface RetentionDeps {
  db: CatalogDb;
  transitions: Transitions;
  trashDays: number;
  now: () => Date;
  logger: Logger;
}

/** Purges what has been in the trash for longer than it is kept; answers how many photos. */
export function createRetention({ db, transitions, trashDays, now, logger }: RetentionDeps) {
  return async (): Promise<number> => {
    const before = new Date(now().getTime() - trashDays * 86_400_000);
    let purged = 0;
    for (;;) {
      const due = await db.photo.findMany({
        where: { isDeleted: true, deletedAt: { lt: before } },
        select: { id: true, userId: true },
        orderBy: { deletedAt: 'asc' },
        take: BATCH,
      });
      const byUser = Map.groupBy(due, (row) => row.userId);
      for (const [userId, rows] of byUser)
        purged += await transitions.purge(
          userId,
          rows.map((row) => row.id),
          before,
        );
      if (due.length < BATCH) break;
    }
    if (purged > 0) logger.info('photos purged from the trash', { count: purged });
    return purged;
  };
}
