import type { EventPayload, UserPhoto } from '@lazyphotos/contracts';
import { type Database, outboxRows, run, statement, type UnitOfWork } from '@lazyphotos/database';
import type { MediaDb, MediaTx } from '../prisma.js';

/** The failure of a photo whose processing failed without a known cause, or ended a process, repeatedly. */
export const CRASHED = 'processor_crashed';
/** Only a photo that is ready gets another run. */
const FIRST_RUN = 1;

/** An attempt that was begun. */
export interface Begun {
  run: number;
  /** Whether the photo was ready before this run, which only makes its previews again. */
  isRepeat: boolean;
  /** From 1: how often this run was begun, including this time. */
  attempt: number;
}

const BEGIN = statement<{ run: number; attempts: number }>(
  'begin',
  `INSERT INTO media_jobs AS job (photo_id, user_id, state, run, attempts, started_at)
  VALUES ($1::uuid, $2::uuid, 'pending', 1, 1, $3::timestamptz)
  ON CONFLICT (photo_id) DO UPDATE SET attempts = job.attempts + 1, started_at = excluded.started_at
  WHERE job.state = 'pending' AND job.user_id = excluded.user_id RETURNING run, attempts`,
);

/** Begins the work on a photo anew under its owner, whatever was recorded under another user. */
const TAKE_OVER = statement<never>(
  'take-over',
  `UPDATE media_jobs SET user_id = $2::uuid, state = 'pending', run = 1, attempts = 0, failure_code = NULL
  WHERE photo_id = $1::uuid AND user_id <> $2::uuid`,
);

/** Leaves a tombstone, also for a photo that was not known before; none for a photo of another user. */
const MARK_PURGED = statement<{ photo_id: string }>(
  'mark-purged',
  `INSERT INTO media_jobs AS job (photo_id, user_id, state, finished_at) VALUES ($1::uuid, $2::uuid, 'purged', $3::timestamptz)
  ON CONFLICT (photo_id) DO UPDATE SET state = 'purged', finished_at = excluded.finished_at
  WHERE job.user_id = excluded.user_id RETURNING photo_id`,
);

/** Settles a run that is pending, with its event; not when the photo was taken over by its owner meanwhile. */
const FINISH = statement<{ photo_id: string }>(
  'finish',
  `WITH settled AS (
    UPDATE media_jobs SET state = $3, failure_code = $4, finished_at = $5::timestamptz
    WHERE photo_id = $1::uuid AND user_id = $7::uuid AND run = $2::int AND state = 'pending' RETURNING photo_id
  ), events AS (${outboxRows('FROM settled, jsonb_array_elements($6::jsonb) AS event')})
  SELECT photo_id FROM settled`,
);

/** Settles a run that is pending as it was before the run began: ready. */
const KEEP_READY = statement<{ photo_id: string }>(
  'keep-ready',
  `UPDATE media_jobs SET state = 'ready', failure_code = $3, finished_at = $4::timestamptz
  WHERE photo_id = $1::uuid AND user_id = $5::uuid AND run = $2::int AND state = 'pending' RETURNING photo_id`,
);

/**
 * Begins another run of a photo that is ready, with its event. It does not begin soon after the last run of this kind, so that a photo
 * whose previews are lost repeatedly, or cannot be made again, does not occupy the worker.
 */
const RESTART = statement<{ photo_id: string }>(
  'restart',
  `WITH restarted AS (
    UPDATE media_jobs SET state = 'pending', run = run + 1, attempts = 0
    WHERE photo_id = $1::uuid AND user_id = $2::uuid AND state = 'ready'
      AND (run = 1 OR finished_at <= CASE failure_code WHEN '${CRASHED}' THEN $4::timestamptz ELSE $3::timestamptz END)
    RETURNING photo_id
  ), events AS (${outboxRows('FROM restarted, jsonb_array_elements($5::jsonb) AS event')})
  SELECT photo_id FROM restarted`,
);

/** After a power cut the clock may be behind these times, so they are compared with each other only. */
const LAST_READY = statement<{ photo_id: string; user_id: string }>(
  'last-ready',
  `SELECT photo_id, user_id FROM media_jobs
  WHERE state = 'ready' AND finished_at > (SELECT max(finished_at) FROM media_jobs) - $1::interval
  ORDER BY finished_at DESC LIMIT $2::int`,
);

/** Between two runs of a photo whose previews were lost. */
const RESTART_PAUSE_MS = 300_000;
/** The same if the last one ended the process repeatedly. */
const CRASH_PAUSE_MS = 86_400_000;
/** By default Linux writes to the disk what is older than 30 seconds, every 5 seconds; a slow disk takes longer. */
const UNWRITTEN = '5 minutes';
const MOST_UNWRITTEN = 1000;

/** The state of the work on each photo, in one row per photo. */
export class Ledger {
  readonly #database: Database;
  readonly #db: MediaDb;
  readonly #unitOfWork: UnitOfWork<MediaTx>;
  readonly #now: () => Date;

  constructor(database: Database, db: MediaDb, unitOfWork: UnitOfWork<MediaTx>, now: () => Date) {
    this.#database = database;
    this.#db = db;
    this.#unitOfWork = unitOfWork;
    this.#now = now;
  }

  /**
   * Counts an attempt before it is made. Returns why there is nothing to do, if that is so; `foreign` when the photo is recorded as
   * another user's.
   */
  async begin(photoId: string, userId: string): Promise<Begun | 'done' | 'purged' | 'foreign'> {
    const [job] = await run(this.#database, BEGIN, [photoId, userId, this.#now()]);
    if (job) return { run: job.run, isRepeat: job.run > FIRST_RUN, attempt: job.attempts };
    const known = await this.#db.mediaJob.findUnique({ where: { photoId } });
    if (known?.userId !== userId) return 'foreign';
    return known.state === 'purged' ? 'purged' : 'done';
  }

  /** For a photo that was recorded as another user's by a false event. */
  async takeOver(photoId: string, userId: string): Promise<void> {
    await run(this.#database, TAKE_OVER, [photoId, userId]);
  }

  /** Puts an upload behind those that a user waits for. Resolves to false if there is nothing left to do for its photo. */
  defer(upload: EventPayload<'upload.completed'>): Promise<boolean> {
    return this.#unitOfWork.transaction(async (tx, emit) => {
      const { photoId, userId } = upload;
      const settled = await tx.mediaJob.count({ where: { photoId, userId, state: { not: 'pending' } } });
      if (settled > 0) return false;
      emit('media.deferred', { upload });
      return true;
    });
  }

  /** Puts a photo that is ready behind the uploads, to be processed again. Resolves to false if it is not ready, or was restarted just now. */
  async restart(upload: EventPayload<'media.deferred'>['upload']): Promise<boolean> {
    const event = this.#unitOfWork.newEvent('media.deferred', { upload });
    const before = (pauseMs: number) => new Date(this.#now().getTime() - pauseMs);
    const { photoId, userId } = upload;
    const pauses = [before(RESTART_PAUSE_MS), before(CRASH_PAUSE_MS)];
    const values = [photoId, userId, ...pauses, JSON.stringify([event])];
    const restarted = await run(this.#database, RESTART, values);
    if (restarted.length > 0) this.#unitOfWork.nudge([event]);
    return restarted.length > 0;
  }

  /**
   * Resolves to the photos whose previews may not have been on the disk when the machine ended the last time: those that were finished
   * shortly before the last one, newest first.
   */
  async lastReady(): Promise<UserPhoto[]> {
    const rows = await run(this.#database, LAST_READY, [UNWRITTEN, MOST_UNWRITTEN]);
    return rows.map(({ photo_id, user_id }) => ({ photoId: photo_id, userId: user_id }));
  }

  /** Uncounts an attempt that an error of the machine ended: it says nothing about the photo. */
  async takeBack(photoId: string, userId: string): Promise<void> {
    await this.#db.mediaJob.updateMany({
      where: { photoId, userId, state: 'pending' },
      data: { attempts: { decrement: 1 } },
    });
  }

  /** Records the outcome and its event together. Resolves to false if the photo was purged meanwhile. */
  async finish(result: EventPayload<'media.processed'>): Promise<boolean> {
    const event = this.#unitOfWork.newEvent('media.processed', result);
    const { photoId, outcome, failure } = result;
    const values = [
      photoId,
      result.run,
      outcome,
      failure?.code ?? null,
      this.#now(),
      JSON.stringify([event]),
      result.userId,
    ];
    const settled = await run(this.#database, FINISH, values);
    if (settled.length === 0) return !(await this.isPurged(photoId));
    this.#unitOfWork.nudge([event]);
    return true;
  }

  /** Ends a repeat that failed: the photo stays ready, with the previews that it has. Resolves to false if it was purged meanwhile. */
  async keepReady(result: EventPayload<'media.processed'>): Promise<boolean> {
    const { photoId, userId, run: current, failure } = result;
    const values = [photoId, current, failure?.code ?? null, this.#now(), userId];
    const kept = await run(this.#database, KEEP_READY, values);
    return kept.length > 0 || !(await this.isPurged(photoId));
  }

  async isPurged(photoId: string): Promise<boolean> {
    return (await this.#db.mediaJob.count({ where: { photoId, state: 'purged' } })) > 0;
  }

  /** Leaves a tombstone for a photo. Resolves to false, and does nothing, when it is recorded as another user's. */
  async markPurged(photoId: string, userId: string): Promise<boolean> {
    return (await run(this.#database, MARK_PURGED, [photoId, userId, this.#now()])).length > 0;
  }
}
