import { type CopiesApi, type CopyRequest, storageKeys } from '@lazyphotos/contracts';
import { type DiskRoom, isObjectStoreError, isStored, type ObjectStore } from '@lazyphotos/object-storage';
import { isStorageFull, type Logger, notFound, ProblemError } from '@lazyphotos/service-kit';
import pLimit, { type LimitFunction } from 'p-limit';
import type { MediaCopy } from '../generated/prisma/client.js';
import { InFlight } from '../jobs/in-progress.js';
import type { Ledger } from '../jobs/ledger.js';
import type { MediaMetrics } from '../metrics.js';
import type { ToolObserver } from '../pipeline/bounded-process.js';
import { MediaError, ProcessorFaultError, ProcessorUnavailableError } from '../pipeline/errors.js';
import { MetadataTool } from '../pipeline/metadata/exiftool.js';
import type { MediaDb } from '../prisma.js';
import { CopyUnsupportedError } from './remove-tags.js';
import { rewriteOriginal } from './rewrite-original.js';

/** exiftool is one process: while it writes one copy, another can be fetched or stored. */
const AT_ONCE = 2;
const MAX_WAITING = 32;
const RETRY_AFTER_SECONDS = 10;
const KEPT_MS = 24 * 3_600_000;
/** exiftool reads and writes the whole file, which takes long for a RAW of 100 MB on a slow disk. */
const TASK_TIMEOUT_MS = 100_000;

export interface CopiesDeps {
  db: MediaDb;
  ledger: Ledger;
  store: ObjectStore;
  room: DiskRoom;
  scratchDir: string;
  metrics: MediaMetrics;
  logger: Logger;
  now: () => Date;
  /** Runs what takes much memory, one at a time. */
  lane: LimitFunction;
  observer: ToolObserver;
}

/** Makes copies of originals with other metadata on demand and keeps them for a day after their last use. */
export class Copies implements CopiesApi {
  readonly #deps: CopiesDeps;
  readonly #table: CopyTable;
  readonly #tool: MetadataTool;
  readonly #limit = pLimit(AT_ONCE);
  readonly #inFlight = new InFlight<string>();

  constructor(deps: CopiesDeps) {
    this.#deps = deps;
    const { lane, observer } = deps;
    this.#tool = new MetadataTool({ taskTimeoutMs: TASK_TIMEOUT_MS, lane, observer });
    this.#table = new CopyTable(deps.db, deps.now);
  }

  async makeCopy(request: CopyRequest): Promise<{ key: string }> {
    const key = storageKeys.copy(request);
    try {
      return { key: await this.#inFlight.run(key, () => this.#provide(request, key)) };
    } catch (error) {
      const problem = problemOf(error);
      this.#deps.metrics.copies.inc({ kind: request.kind, outcome: problem ? 'refused' : 'failed' });
      if (problem) throw problem;
      if (isStorageFull(error))
        throw tryLater('The disk of the node is full: no copy can be made now.', error);
      throw isBusyTool(error) ? tryLater('The copy could not be made now.', error) : error;
    }
  }

  async #provide(request: CopyRequest, key: string): Promise<string> {
    const found = await this.#find(request, key);
    if (found === undefined) {
      if (this.#limit.pendingCount >= MAX_WAITING) throw tryLater('Too many copies are being made.');
      return this.#limit(() => this.#make(request, key));
    }
    this.#deps.metrics.copies.inc({ kind: request.kind, outcome: 'reused' });
    return found;
  }

  /** Returns the key that an earlier call returned, if it is still valid. */
  async #find(request: CopyRequest, key: string): Promise<string | undefined> {
    const row = await this.#table.use(key);
    if (row?.outcome === 'unsupported') throw unsupported(row.reason ?? undefined);
    if (row?.outcome === 'original') return request.storageKey;
    return row?.outcome === 'copy' && (await isStored(this.#deps.store, key)) ? key : undefined;
  }

  async #make(request: CopyRequest, key: string): Promise<string> {
    const { store, room, scratchDir, ledger, metrics, logger } = this.#deps;
    await room.require(0);
    await this.#table.begin(key, request.photoId);
    // A purge marks the photo before it looks for copies: either it finds this row, or its mark is found here.
    if (await ledger.isPurged(request.photoId)) {
      await this.#table.forget(key);
      throw notFound('photo');
    }
    const isChanged = await rewriteOriginal({ store, tool: this.#tool, scratchDir }, request, key).catch(
      async (error: unknown) => {
        if (error instanceof CopyUnsupportedError)
          await this.#table.finish(key, 'unsupported', error.message);
        throw error;
      },
    );
    if (!(await this.#table.finish(key, isChanged ? 'copy' : 'original'))) {
      await store.delete(key);
      throw notFound('photo');
    }
    metrics.copies.inc({ kind: request.kind, outcome: isChanged ? 'made' : 'original' });
    logger.info('copy made', { photoId: request.photoId, kind: request.kind, isChanged });
    return isChanged ? key : request.storageKey;
  }

  /** Removes the copies of a purged photo. */
  async remove(photoId: string): Promise<void> {
    for (const key of await this.#table.keysOf(photoId)) {
      await this.#deps.store.delete(key);
      await this.#table.forget(key);
    }
  }

  /** Removes the copies that were not used for a day. Resolves to their number. */
  async sweep(): Promise<number> {
    const { store, logger, now } = this.#deps;
    const before = new Date(now().getTime() - KEPT_MS);
    let removed = 0;
    while (await this.#table.removeUnused(before, (key) => store.delete(key))) removed += 1;
    if (removed > 0) logger.info('unused copies removed', { count: removed });
    return removed;
  }

  /** Waits for the copies that are being made and ends exiftool. */
  async close(): Promise<void> {
    await this.#inFlight.settled();
    await this.#tool.close();
  }
}

/** The rows of copies, by the keys of their objects. */
class CopyTable {
  readonly #db: MediaDb;
  readonly #now: () => Date;

  constructor(db: MediaDb, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  /** Marks a copy as used and returns its row, if there is one. */
  async use(key: string): Promise<MediaCopy | undefined> {
    const data = { usedAt: this.#now() };
    const [row] = await this.#db.mediaCopy.updateManyAndReturn({ where: { key }, data });
    return row;
  }

  /** Records that a copy is being made before its object exists, so that a crash leaves no unknown object. */
  async begin(key: string, photoId: string): Promise<void> {
    const state = { outcome: 'pending', reason: null, usedAt: this.#now() };
    await this.#db.mediaCopy.upsert({ where: { key }, create: { key, photoId, ...state }, update: state });
  }

  /**
   * Records the outcome: there is a copy, the original needs none, or none can be made. Resolves to false if the row is gone because
   * the photo was purged.
   */
  async finish(key: string, outcome: 'copy' | 'original' | 'unsupported', reason?: string): Promise<boolean> {
    const data = { outcome, reason: reason ?? null, usedAt: this.#now() };
    return (await this.#db.mediaCopy.updateMany({ where: { key }, data })).count > 0;
  }

  async keysOf(photoId: string): Promise<string[]> {
    const rows = await this.#db.mediaCopy.findMany({ where: { photoId }, select: { key: true } });
    return rows.map(({ key }) => key);
  }

  async forget(key: string): Promise<void> {
    await this.#db.mediaCopy.deleteMany({ where: { key } });
  }

  /**
   * Runs `remove` with the key of one copy that was last used before that time, and deletes its row. Resolves to false if there is none.
   * No other process can use or make that copy meanwhile.
   */
  removeUnused(before: Date, remove: (key: string) => Promise<void>): Promise<boolean> {
    return this.#db.$transaction(async (tx) => {
      const [row] = await tx.$queryRaw<{ key: string }[]>`
        SELECT key FROM media_copies WHERE used_at < ${before}
        ORDER BY used_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
      if (!row) return false;
      await remove(row.key);
      await tx.mediaCopy.delete({ where: { key: row.key } });
      return true;
    });
  }
}

const unsupported = (reason: string | undefined, cause?: unknown) =>
  new ProblemError('copy_unsupported', reason, { cause });

const tryLater = (detail: string, cause?: unknown) =>
  new ProblemError('service_unavailable', detail, {
    headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
    cause,
  });

/** Whether exiftool took too long, or its process has ended or does not run. */
const isBusyTool = (error: unknown): boolean =>
  [MediaError, ProcessorFaultError, ProcessorUnavailableError].some((type) => error instanceof type);

/** Returns the problem that the caller can act on; undefined for an error of the machine. */
function problemOf(error: unknown): ProblemError | undefined {
  if (error instanceof ProblemError) return error;
  if (error instanceof CopyUnsupportedError) return unsupported(error.message, error);
  return isObjectStoreError(error, 'object_not_found') ? notFound('original') : undefined;
}
