import type { Database } from '@lazyphotos/database';
import { describeError } from '@lazyphotos/service-kit';
import type { UploadContext } from '../context.js';
import type { Import } from '../generated/prisma/client.js';
import { PartArchives } from './part-archives.js';
import { checkSpaceForAll } from './space.js';
import { importNextPhotos } from './stages/import-photos.js';
import { listPart } from './stages/list-part.js';
import { matchNextFolder } from './stages/match-folders.js';
import { readSidecars } from './stages/read-sidecars.js';
import { ImportStates, isUnexpected } from './states.js';
import { withImportLock } from './user-lock.js';

/** How long one import is worked on before the next user's comes. */
const SLICE_MS = 10_000;
/** How many unexpected errors in a row an import survives. */
const MAX_FAULTS = 5;
/** How much of the rate so far goes into the next one. */
const RATE_MEMORY = 0.8;

/** Whether a step has done something, or everything is done. */
type Step = 'progress' | 'done';

/**
 * Works on imports in slices, starting with the one that has waited longest. All state is in the database, so a slice can end at any
 * point, also by the end of the process: what was not written is done again, with the same result.
 */
export class ImportRunner {
  private readonly states: ImportStates;
  /** Imports whose need for room was compared with the free space since they began or went on. */
  private readonly estimated = new Set<string>();
  /** How many unexpected errors in a row an import has met. */
  private readonly faults = new Map<string, number>();

  constructor(
    private readonly context: UploadContext,
    private readonly pool: Database['pool'],
  ) {
    this.states = new ImportStates(context.db, context.now);
  }

  /** Runs slices until no import can go on. */
  async run(signal: AbortSignal): Promise<void> {
    for (let hasWorked = true; hasWorked && !signal.aborted; ) {
      hasWorked = false;
      for (const { id, userId } of await this.states.runnable()) {
        if (signal.aborted) return;
        const ran = await withImportLock(this.pool, userId, signal, (held) => this.runSlice(id, held));
        hasWorked ||= ran;
      }
    }
  }

  private async runSlice(id: string, signal: AbortSignal): Promise<void> {
    const archives = new PartArchives(this.context);
    const until = performance.now() + SLICE_MS;
    try {
      do {
        const job = await this.states.findRunnable(id);
        if (!job) return;
        if (job.status === 'pending') await this.states.begin(job);
        const did = await this.step(job, archives, signal);
        if (job.pauseReason !== null) await this.states.unpause(id);
        this.faults.delete(id);
        if (did === 'done') return await this.finish(id);
      } while (performance.now() < until && !signal.aborted);
    } catch (error) {
      if (!signal.aborted) await this.onFault(id, error);
    } finally {
      await archives.close();
      await this.states.recordWork(id);
    }
  }

  /** Does the next piece of work of an import: each stage begins when the one before is done. */
  private async step(job: Import, archives: PartArchives, signal: AbortSignal): Promise<Step> {
    const { db } = this.context;
    const part = await db.importPart.findFirst({
      where: { importId: job.id, state: 'waiting' },
      orderBy: { position: 'asc' },
    });
    if (part) {
      // Its table of contents becomes rows of the database.
      await this.context.room.require(0, 'import');
      this.estimated.delete(job.id);
      await listPart({ db, states: this.states, archives, job, part, signal });
      return 'progress';
    }
    if (await readSidecars(db, archives, job, signal)) return 'progress';
    if (await matchNextFolder(db, job, signal)) return 'progress';
    return this.importPhotos(job, archives, signal);
  }

  private async importPhotos(job: Import, archives: PartArchives, signal: AbortSignal): Promise<Step> {
    if (!this.estimated.has(job.id)) {
      await checkSpaceForAll(this.context, job);
      this.estimated.add(job.id);
    }
    const began = performance.now();
    const bytes = await importNextPhotos(this.context, archives, job, signal);
    if (bytes === undefined) return 'done';
    this.context.metrics.importedBytes.inc(bytes);
    // Videos are not read: they say nothing about the rate.
    if (bytes === 0) return 'progress';
    const rate = (bytes * 1000) / Math.max(1, performance.now() - began);
    const known = job.bytesPerSecond ?? rate;
    await this.states.recordRate(job.id, known * RATE_MEMORY + rate * (1 - RATE_MEMORY));
    return 'progress';
  }

  private async finish(id: string): Promise<void> {
    const { metrics, logger } = this.context;
    const ended = await this.states.finish(id);
    if (!ended) return;
    this.estimated.delete(id);
    const { status, imported, duplicates, failed, unsupported } = ended;
    metrics.importsEnded.inc({ status });
    logger.info('import ended', { importId: id, status, imported, duplicates, failed, unsupported });
  }

  /** A fault of the node will end, so the import waits; after several unexpected errors it fails. */
  private async onFault(id: string, error: unknown): Promise<void> {
    const { metrics, logger } = this.context;
    this.estimated.delete(id);
    const count = isUnexpected(error) ? (this.faults.get(id) ?? 0) + 1 : 0;
    this.faults.set(id, count);
    const about = { importId: id, error: describeError(error) };
    if (count < MAX_FAULTS) {
      await this.states.pause(id, error);
      logger.warn('import paused', about);
      return;
    }
    this.faults.delete(id);
    await this.states.fail(id);
    metrics.importsEnded.inc({ status: 'failed' });
    logger.error('import failed', about);
  }
}
