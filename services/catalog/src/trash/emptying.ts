import { describeError, type Logger } from '@lazyphotos/service-kit';
import type { CatalogDb } from '../prisma.js';
import { ownPhotos } from '../visibility.js';
import type { Transitions } from './transitions.js';

/** How many photos are read at a time; a stop waits for as many. */
const BATCH = 50;

export interface Emptying {
  /** Remembers that what is in this user's trash now is to be removed for good. */
  request(userId: string): Promise<void>;
  /**
   * Carries out what was requested, batch by batch until the signal; what is left then is carried out by the next call, and so is
   * what fails: it does not stop that of other users.
   */
  carryOut(signal?: AbortSignal): Promise<void>;
}

export interface EmptyingDeps {
  db: CatalogDb;
  transitions: Transitions;
  now: () => Date;
  logger: Logger;
}

/** Emptying the trash on request. The request is a row, so that a process that ends meanwhile loses nothing. */
export function createEmptying({ db, transitions, now, logger }: EmptyingDeps): Emptying {
  const carryOutFor = async (userId: string, requestedAt: Date, signal?: AbortSignal) => {
    const before = new Date(requestedAt.getTime() + 1);
    let purged = 0;
    while (!signal?.aborted) {
      const rows = await db.photo.findMany({
        where: { ...ownPhotos(userId, { trashed: true }), deletedAt: { lt: before } },
        select: { id: true },
        take: BATCH,
      });
      const ids = rows.map(({ id }) => id);
      purged += (await transitions.purge(userId, ids, 'emptied', before)).size;
      if (ids.length === BATCH) continue;
      // A request that came meanwhile has a later time, and stays.
      await db.trashPurge.deleteMany({ where: { userId, requestedAt } });
      break;
    }
    logger.info('photos purged from the trash', { reason: 'emptied', userId, count: purged });
  };

  return {
    request: async (userId) => {
      const requestedAt = now();
      await db.trashPurge.upsert({
        where: { userId },
        create: { userId, requestedAt },
        update: { requestedAt },
      });
    },
    carryOut: async (signal) => {
      const requests = await db.trashPurge.findMany({ orderBy: { requestedAt: 'asc' } });
      for (const { userId, requestedAt } of requests) {
        if (signal?.aborted) break;
        try {
          await carryOutFor(userId, requestedAt, signal);
        } catch (error) {
          logger.warn('the trash of a user was not emptied', { userId, error: describeError(error) });
        }
      }
    },
  };
}
