import type { Database } from '@lazyphotos/database';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { describeError, type Logger, toProblem } from '@lazyphotos/service-kit';
import type { Import } from '../generated/prisma/client.js';
import { type ArchivesOfParts, createArchivesOfParts } from './archive-of-part.js';
import type { ImportDir } from './import-dir.js';
import type { ImportMetrics } from './metrics.js';
import { NoRoomError, type Space } from './space.js';
import { type ImportPhotosDeps, importNextPhotos } from './stages/import-photos.js';
import { listPart } from './stages/list-part.js';
import { matchNextFolder } from './stages/match-folders.js';
import { readSidecars } from './stages/read-sidecars.js';
import { withImportLock } from './user-lock.js';
import type { ArchiveLimits } from './zip/index.js';

/** How long one import is worked on before the next user's comes. */
const SLICE_MS = 10_000;
/** How soon an import is tried again that waits for room, or for another part of the node. */
const RETRY_MS = 15_000;
/** How much of the rate so far goes into the next one. */
const RATE_MEMORY = 0.8;

export interface ImportRunnerDeps extends Omit<ImportPhotosDeps, 'archives' | 'onSettled' | 'onUnexpected'> {
  database: Database;
  store: ObjectStore;
  importDir: ImportDir;
  space: Space;
  limits: ArchiveLimits;
  metrics: ImportMetrics;
  logger: Logger;
}

/** What a step did: something, or nothing because all is done. */
type Step = 'progress' | 'done';

/**
 * Works on imports, one slice after the other, the one that has waited longest first. All state is in the database, so that a slice
 * can end at any point, also by the end of the process: what was not written down is done again, with the same result.
 */
export function createImportRunner(deps: ImportRunnerDeps) {
  const { db, database, store, importDir, space, metrics, logger, now } = deps;
  /** Imports whose need for room was compared with what there is, since they began or went on. */
  const estimated = new Set<string>();

  /** The oldest unfinished import of each user, unless it is paused; the one that has waited longest first. */
  const runnable = () => db.$queryRaw<{ id: string; userId: string }[]>`
    SELECT id, user_id AS "userId" FROM (
      SELECT DISTINCT ON (user_id) id, user_id, worked_at FROM imports
      WHERE status IN ('pending', 'running') AND (pause_reason IS NULL OR retry_at <= ${now()})
      ORDER BY user_id, id
    ) AS next ORDER BY worked_at`;

  const estimate = async (job: Import): Promise<void> => {
    if (estimated.has(job.id)) return;
    await space.checkAll(job);
    estimated.add(job.id);
  };

  const importPhotos = async (job: Import, archives: ArchivesOfParts, signal: AbortSignal): Promise<Step> => {
    await estimate(job);
    const began = performance.now();
    const onUnexpected: ImportPhotosDeps['onUnexpected'] = ({ path }, error) =>
      logger.error('an entry of an archive could not be imported', {
        importId: job.id,
        path,
        error: describeError(error),
      });
    const onSettled: ImportPhotosDeps['onSettled'] = ({ outcome }) => metrics.entries.inc({ outcome });
    const bytes = await importNextPhotos({ ...deps, archives, onSettled, onUnexpected }, job, signal);
    if (bytes === undefined) return 'done';
    metrics.bytes.inc(bytes);
    const rate = (bytes * 1000) / Math.max(1, performance.now() - began);
    const known = job.bytesPerSecond;
    const bytesPerSecond = known === null ? rate : known * RATE_MEMORY + rate * (1 - RATE_MEMORY);
    await db.import.update({ where: { id: job.id }, data: { bytesPerSecond } });
    return 'progress';
  };

  const step = async (job: Import, archives: ArchivesOfParts, signal: AbortSignal): Promise<Step> => {
    const part = await db.importPart.findFirst({
      where: { importId: job.id, state: 'waiting' },
      orderBy: { position: 'asc' },
    });
    if (part) {
      estimated.delete(job.id);
      await listPart({ db, archives, limits: deps.limits }, job, part, signal);
      return 'progress';
    }
    if (await readSidecars({ db, archives }, job, signal)) return 'progress';
    if (await matchNextFolder(db, job)) return 'progress';
    return importPhotos(job, archives, signal);
  };

  /** Ends an import whose entries all have their outcome, unless another part has come meanwhile. */
  const finish = async (job: Import): Promise<void> => {
    const listed = await db.importPart.count({ where: { importId: job.id, state: 'listed' } });
    const status = listed > 0 ? 'completed' : 'failed';
    const { count } = await db.import.updateMany({
      where: { id: job.id, status: 'running', waiting: 0, parts: { none: { state: 'waiting' } } },
      data: { status, finishedAt: now(), pauseReason: null, pauseMessage: null, retryAt: null },
    });
    if (count === 0) return;
    estimated.delete(job.id);
    metrics.ended.inc({ status });
    const { imported, duplicates, failed, unsupported } = job;
    logger.info('import ended', { importId: job.id, status, imported, duplicates, failed, unsupported });
  };

  /** Makes an import wait, with the reason for its user. */
  const pause = async (id: string, error: unknown): Promise<void> => {
    const isFull = error instanceof NoRoomError || toProblem(error).code === 'storage_full';
    const message =
      error instanceof NoRoomError
        ? error.message
        : isFull
          ? 'The storage is full.'
          : 'Another part of the node is not available; the import goes on when it is back.';
    estimated.delete(id);
    const { count } = await db.import.updateMany({
      where: {
        id,
        status: { in: ['pending', 'running'] },
        OR: [{ pauseReason: null }, { pauseReason: { not: 'user' } }],
      },
      data: {
        pauseReason: isFull ? 'storage_full' : 'service_unavailable',
        pauseMessage: message,
        retryAt: new Date(now().getTime() + RETRY_MS),
      },
    });
    if (count > 0) logger.warn('import paused', { importId: id, error: describeError(error) });
  };

  /** The import as it is now, if it is to be worked on. */
  const fresh = async (id: string): Promise<Import | undefined> => {
    const row = await db.import.findUnique({ where: { id } });
    const isRunnable =
      row !== null &&
      (row.status === 'pending' || row.status === 'running') &&
      (row.pauseReason === null || (row.retryAt !== null && row.retryAt <= now()));
    return isRunnable ? row : undefined;
  };

  const runSlice = async (id: string, signal: AbortSignal): Promise<void> => {
    const archives = createArchivesOfParts(db, store, importDir);
    const until = performance.now() + SLICE_MS;
    try {
      do {
        const job = await fresh(id);
        if (!job) return;
        if (job.status === 'pending')
          await db.import.updateMany({
            where: { id, status: 'pending' },
            data: { status: 'running', startedAt: job.startedAt ?? now() },
          });
        const did = await step(job, archives, signal);
        if (job.pauseReason !== null) await unpause(id);
        if (did === 'done') {
          await finish((await db.import.findUnique({ where: { id } })) ?? job);
          return;
        }
      } while (performance.now() < until && !signal.aborted);
    } catch (error) {
      if (!signal.aborted) await pause(id, error);
    } finally {
      await archives.close();
      await db.import.update({ where: { id }, data: { workedAt: now() } });
    }
  };

  /** A pause that ends by itself, once there was progress. */
  const unpause = (id: string) =>
    db.import.updateMany({
      where: { id, pauseReason: { not: 'user' } },
      data: { pauseReason: null, pauseMessage: null, retryAt: null },
    });

  /** Runs slices until no import can go on. */
  return async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      let hasWorked = false;
      for (const { id, userId } of await runnable()) {
        if (signal.aborted) return;
        hasWorked =
          (await withImportLock(database.pool, userId, signal, (held) => runSlice(id, held))) || hasWorked;
      }
      if (!hasWorked || signal.aborted) return;
    }
  };
}
