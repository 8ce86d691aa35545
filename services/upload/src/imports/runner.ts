import type { Database } from '@lazyphotos/database';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { describeError, type Logger, toProblem } from '@lazyphotos/service-kit';
import type { Import } from '../generated/prisma/client.js';
import { type ArchivesOfParts, createArchivesOfParts } from './archive-of-part.js';
import type { ImportDir } from './import-dir.js';
import type { ImportMetrics } from './metrics.js';
import type { Space } from './space.js';
import { type ImportPhotosDeps, importNextPhotos } from './stages/import-photos.js';
import { listPart } from './stages/list-part.js';
import { matchNextFolder } from './stages/match-folders.js';
import { readSidecars } from './stages/read-sidecars.js';
import { createImportStates } from './states.js';
import { withImportLock } from './user-lock.js';
import type { ArchiveLimits } from './zip/index.js';

/** How long one import is worked on before the next user's comes. */
const SLICE_MS = 10_000;
/** How often an unexpected error is met before an import fails. */
const MAX_FAULTS = 5;
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
  const states = createImportStates(db, now);
  /** Imports whose need for room was compared with what there is, since they began or went on. */
  const estimated = new Set<string>();
  /** How often in a row an import has met an error that nothing explains. */
  const faults = new Map<string, number>();

  const estimate = async (job: Import): Promise<void> => {
    if (estimated.has(job.id)) return;
    await space.checkAll(job);
    estimated.add(job.id);
  };

  const importPhotos = async (job: Import, archives: ArchivesOfParts, signal: AbortSignal): Promise<Step> => {
    await estimate(job);
    const began = performance.now();
    const onUnexpected: ImportPhotosDeps['onUnexpected'] = ({ path }, error) => {
      const about = { importId: job.id, path, error: describeError(error) };
      logger.error('an entry of an archive could not be imported', about);
    };
    const onSettled: ImportPhotosDeps['onSettled'] = ({ outcome }) => metrics.entries.inc({ outcome });
    const bytes = await importNextPhotos({ ...deps, archives, onSettled, onUnexpected }, job, signal);
    if (bytes === undefined) return 'done';
    metrics.bytes.inc(bytes);
    const rate = (bytes * 1000) / Math.max(1, performance.now() - began);
    const known = job.bytesPerSecond ?? rate;
    await states.noteRate(job.id, known * RATE_MEMORY + rate * (1 - RATE_MEMORY));
    return 'progress';
  };

  /** The next piece of work of an import: each stage begins when the one before has nothing left. */
  const step = async (job: Import, archives: ArchivesOfParts, signal: AbortSignal): Promise<Step> => {
    const part = await db.importPart.findFirst({
      where: { importId: job.id, state: 'waiting' },
      orderBy: { position: 'asc' },
    });
    if (part) {
      estimated.delete(job.id);
      await listPart({ db, states, archives, limits: deps.limits }, job, part, signal);
      return 'progress';
    }
    if (await readSidecars({ db, archives }, job, signal)) return 'progress';
    if (await matchNextFolder(db, job)) return 'progress';
    return importPhotos(job, archives, signal);
  };

  const finish = async (id: string): Promise<void> => {
    const ended = await states.finish(id);
    if (!ended) return;
    estimated.delete(id);
    const { status, imported, duplicates, failed, unsupported } = ended;
    metrics.ended.inc({ status });
    logger.info('import ended', { importId: id, status, imported, duplicates, failed, unsupported });
  };

  /** A fault of the node ends by itself; an error that nothing explains does so a few times at most. */
  const onFault = async (id: string, error: unknown): Promise<void> => {
    estimated.delete(id);
    const count = toProblem(error).code === 'internal_error' ? (faults.get(id) ?? 0) + 1 : 0;
    faults.set(id, count);
    const about = { importId: id, error: describeError(error) };
    if (count < MAX_FAULTS) {
      await states.pause(id, error);
      logger.warn('import paused', about);
      return;
    }
    faults.delete(id);
    await states.fail(id);
    metrics.ended.inc({ status: 'failed' });
    logger.error('import failed', about);
  };

  const runSlice = async (id: string, signal: AbortSignal): Promise<void> => {
    const archives = createArchivesOfParts(db, store, importDir);
    const until = performance.now() + SLICE_MS;
    try {
      do {
        const job = await states.findRunnable(id);
        if (!job) return;
        if (job.status === 'pending') await states.begin(job);
        const did = await step(job, archives, signal);
        if (job.pauseReason !== null) await states.unpause(id);
        faults.delete(id);
        if (did === 'done') return await finish(id);
      } while (performance.now() < until && !signal.aborted);
    } catch (error) {
      if (!signal.aborted) await onFault(id, error);
    } finally {
      await archives.close();
      await states.noteWork(id);
    }
  };

  /** Runs slices until no import can go on. */
  return async (signal: AbortSignal): Promise<void> => {
    for (let hasWorked = true; hasWorked && !signal.aborted; ) {
      hasWorked = false;
      for (const { id, userId } of await states.runnable()) {
        if (signal.aborted) return;
        const ran = await withImportLock(database.pool, userId, signal, (held) => runSlice(id, held));
        hasWorked ||= ran;
      }
    }
  };
}
