import type { EventPayload } from '@lazyphotos/contracts';
import type { UnitOfWork } from '@lazyphotos/database';
import type { MediaDb, MediaTx } from '../prisma.js';

/** An attempt that was begun. */
export interface Begun {
  run: number;
  /** From 1: how often this run was begun, including this time. */
  attempt: number;
}

/** The state of the work on each photo, in one row per photo. */
export class Ledger {
  readonly #db: MediaDb;
  readonly #unitOfWork: UnitOfWork<MediaTx>;
  readonly #now: () => Date;

  constructor(db: MediaDb, unitOfWork: UnitOfWork<MediaTx>, now: () => Date) {
    this.#db = db;
    this.#unitOfWork = unitOfWork;
    this.#now = now;
  }

  /** Counts an attempt before it is made. Returns why there is nothing to do, if that is so. */
  async begin(photoId: string, userId: string): Promise<Begun | 'done' | 'purged'> {
    await this.#db.mediaJob.createMany({
      data: { photoId, userId, state: 'pending' },
      skipDuplicates: true,
    });
    const [job] = await this.#db.mediaJob.updateManyAndReturn({
      where: { photoId, state: 'pending' },
      data: { attempts: { increment: 1 }, startedAt: this.#now() },
    });
    if (job) return { run: job.run, attempt: job.attempts };
    return (await this.isPurged(photoId)) ? 'purged' : 'done';
  }

  /** Puts an upload behind those that a user waits for. Resolves to false if there is nothing left to do for its photo. */
  defer(upload: EventPayload<'upload.completed'>): Promise<boolean> {
    return this.#unitOfWork.transaction(async (tx, emit) => {
      const { photoId } = upload;
      const settled = await tx.mediaJob.count({ where: { photoId, state: { not: 'pending' } } });
      if (settled > 0) return false;
      emit('media.deferred', { upload });
      return true;
    });
  }

  /** Uncounts an attempt that an error of the machine ended: it says nothing about the photo. */
  async takeBack(photoId: string): Promise<void> {
    await this.#db.mediaJob.updateMany({
      where: { photoId, state: 'pending' },
      data: { attempts: { decrement: 1 } },
    });
  }

  /** Records the outcome and its event together. Resolves to false if the photo was purged meanwhile. */
  finish(result: EventPayload<'media.processed'>): Promise<boolean> {
    return this.#unitOfWork.transaction(async (tx, emit) => {
      const { count } = await tx.mediaJob.updateMany({
        where: { photoId: result.photoId, run: result.run, state: 'pending' },
        data: {
          state: result.outcome,
          failureCode: result.failure?.code ?? null,
          finishedAt: this.#now(),
        },
      });
      if (count === 0) return !(await this.isPurged(result.photoId, tx));
      emit('media.processed', result);
      return true;
    });
  }

  async isPurged(photoId: string, db: MediaTx = this.#db): Promise<boolean> {
    return (await db.mediaJob.count({ where: { photoId, state: 'purged' } })) > 0;
  }

  /** Leaves a tombstone for a photo, also for one that was not known before. */
  async markPurged(photoId: string, userId: string): Promise<void> {
    const state = { state: 'purged', finishedAt: this.#now() };
    await this.#db.mediaJob.upsert({
      where: { photoId },
      create: { photoId, userId, ...state },
      update: state,
    });
  }
}
