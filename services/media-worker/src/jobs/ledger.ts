import type { EventPayload } from '@lazyphotos/contracts';
import type { UnitOfWork } from '@lazyphotos/database';
import type { MediaDb, MediaTx } from '../prisma.js';

type Result = EventPayload<'media.processed'>;
type Upload = EventPayload<'upload.completed'>;

export interface Begun {
  run: number;
  /** From 1: how often this run was begun, this time included. */
  attempt: number;
}

/** Why there is nothing to do for a photo. */
export type Idle = 'done' | 'purged';

const isPurged = async (db: MediaTx, photoId: string): Promise<boolean> =>
  (await db.mediaJob.count({ where: { photoId, state: 'purged' } })) > 0;

/** What was begun and what came of it, one row a photo. */
export function createLedger(db: MediaDb, unitOfWork: UnitOfWork<MediaTx>, now: () => Date) {
  return {
    /** Counts an attempt before it is made, unless there is nothing left to do for this photo. */
    begin: async (photoId: string, userId: string): Promise<Begun | Idle> => {
      await db.mediaJob.createMany({ data: { photoId, userId, state: 'pending' }, skipDuplicates: true });
      const [job] = await db.mediaJob.updateManyAndReturn({
        where: { photoId, state: 'pending' },
        data: { attempts: { increment: 1 }, startedAt: now() },
      });
      if (job) return { run: job.run, attempt: job.attempts };
      return (await isPurged(db, photoId)) ? 'purged' : 'done';
    },

    /**
     * Puts an upload behind those that somebody waits for, unless there is nothing left to do for its photo. Resolves to whether it
     * was put there.
     */
    defer: (upload: Upload): Promise<boolean> =>
      unitOfWork.transaction(async (tx, emit) => {
        const { photoId } = upload;
        const settled = await tx.mediaJob.count({ where: { photoId, state: { not: 'pending' } } });
        if (settled > 0) return false;
        emit('media.deferred', { upload });
        return true;
      }),

    /** An attempt that a fault of the machine ended says nothing about the photo. */
    takeBack: async (photoId: string): Promise<void> => {
      await db.mediaJob.updateMany({
        where: { photoId, state: 'pending' },
        data: { attempts: { decrement: 1 } },
      });
    },

    /** Records the outcome and its event together; false when the photo was purged meanwhile. */
    finish: (result: Result): Promise<boolean> =>
      unitOfWork.transaction(async (tx, emit) => {
        const { count } = await tx.mediaJob.updateMany({
          where: { photoId: result.photoId, run: result.run, state: 'pending' },
          data: { state: result.outcome, failureCode: result.failure?.code ?? null, finishedAt: now() },
        });
        if (count === 0) return !(await isPurged(tx, result.photoId));
        emit('media.processed', result);
        return true;
      }),

    isPurged: (photoId: string): Promise<boolean> => isPurged(db, photoId),

    /** Remembers that a photo is gone, also when nothing was heard of it yet. */
    markPurged: async (photoId: string, userId: string): Promise<void> => {
      const state = { state: 'purged', finishedAt: now() };
      await db.mediaJob.upsert({ where: { photoId }, create: { photoId, userId, ...state }, update: state });
    },
  };
}
export type Ledger = ReturnType<typeof createLedger>;
