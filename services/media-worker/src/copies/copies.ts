import { type CopiesApi, type CopyRequest, storageKeys } from '@lazyphotos/contracts';
import { isObjectStoreError, type ObjectStore } from '@lazyphotos/object-storage';
import { type Logger, notFound, ProblemError } from '@lazyphotos/service-kit';
import pLimit from 'p-limit';
import type { Ledger } from '../jobs/ledger.js';
import type { MediaMetrics } from '../metrics.js';
import { MediaError, ProcessorUnavailableError } from '../pipeline/index.js';
import { createMetadataTool } from '../pipeline/metadata/exiftool.js';
import type { MediaDb } from '../prisma.js';
import { createCopyTable } from './copy-table.js';
import { CopyUnsupportedError } from './errors.js';
import { rewriteOriginal } from './rewrite-original.js';

/** exiftool is one process: while it writes one copy, another can be fetched or stored. */
const AT_ONCE = 2;
const MAX_WAITING = 32;
const RETRY_AFTER_SECONDS = 10;
const KEPT_MS = 24 * 3_600_000;
/** exiftool reads and writes the whole file; a slow disk takes its time for a RAW of 100 MB. */
const TASK_TIMEOUT_MS = 100_000;

export interface CopiesDeps {
  db: MediaDb;
  ledger: Ledger;
  store: ObjectStore;
  scratchDir: string;
  metrics: MediaMetrics;
  logger: Logger;
  now: () => Date;
}

export interface Copies extends CopiesApi {
  /** Removes the copies of a purged photo. */
  remove(photoId: string): Promise<void>;
  /** Removes the copies that nobody has asked for since a day. Resolves to their number. */
  sweep(): Promise<number>;
  /** Waits for the copies that are being made and ends exiftool. */
  close(): Promise<void>;
}

/** Copies of originals with other metadata, made on demand and kept for a while. */
export function createCopies(deps: CopiesDeps): Copies {
  const { db, ledger, store, scratchDir, metrics, logger, now } = deps;
  const table = createCopyTable(db, now);
  const tool = createMetadataTool({ taskTimeoutMs: TASK_TIMEOUT_MS });
  const limit = pLimit(AT_ONCE);
  const inFlight = new Map<string, Promise<string>>();

  /** The key that an earlier call came to, if it still holds. */
  async function known(request: CopyRequest, key: string): Promise<string | undefined> {
    const row = await table.use(key);
    if (row?.outcome === 'unsupported') throw unsupported(row.reason ?? undefined);
    if (row?.outcome === 'original') return request.storageKey;
    return row?.outcome === 'copy' && (await isStored(store, key)) ? key : undefined;
  }

  async function make(request: CopyRequest, key: string): Promise<string> {
    await table.begin(key, request.photoId);
    // A purge marks the photo before it looks for copies: either it finds this row, or this finds its mark.
    if (await ledger.isPurged(request.photoId)) {
      await table.forget(key);
      throw notFound('photo');
    }
    const isChanged = await rewriteOriginal({ store, tool, scratchDir }, request, key).catch(
      async (error: unknown) => {
        if (error instanceof CopyUnsupportedError) await table.finish(key, 'unsupported', error.message);
        throw error;
      },
    );
    if (!(await table.finish(key, isChanged ? 'copy' : 'original'))) {
      await store.delete(key);
      throw notFound('photo');
    }
    metrics.copies.inc({ kind: request.kind, outcome: isChanged ? 'made' : 'original' });
    logger.info('copy made', { photoId: request.photoId, kind: request.kind, isChanged });
    return isChanged ? key : request.storageKey;
  }

  async function provide(request: CopyRequest, key: string): Promise<string> {
    const found = await known(request, key);
    if (found !== undefined) {
      metrics.copies.inc({ kind: request.kind, outcome: 'reused' });
      return found;
    }
    if (limit.pendingCount >= MAX_WAITING) throw later('Too many copies are being made.');
    return limit(() => make(request, key));
  }

  return {
    makeCopy: async (request) => {
      const key = storageKeys.copy(request);
      let running = inFlight.get(key);
      if (!running) {
        running = provide(request, key).finally(() => inFlight.delete(key));
        inFlight.set(key, running);
      }
      try {
        return { key: await running };
      } catch (error) {
        const problem = problemOf(error);
        metrics.copies.inc({ kind: request.kind, outcome: problem ? 'refused' : 'failed' });
        throw problem ?? (isBusyTool(error) ? later('The copy could not be made now.', error) : error);
      }
    },
    remove: async (photoId) => {
      for (const key of await table.keysOf(photoId)) {
        await store.delete(key);
        await table.forget(key);
      }
    },
    sweep: async () => {
      const before = new Date(now().getTime() - KEPT_MS);
      let removed = 0;
      while (await table.removeUnused(before, (key) => store.delete(key))) removed += 1;
      if (removed > 0) logger.info('unused copies removed', { count: removed });
      return removed;
    },
    close: async () => {
      await Promise.allSettled(inFlight.values());
      await tool.close();
    },
  };
}

async function isStored(store: ObjectStore, key: string): Promise<boolean> {
  try {
    await store.head(key);
    return true;
  } catch (error) {
    if (isObjectStoreError(error, 'object_not_found')) return false;
    throw error;
  }
}

const unsupported = (reason: string | undefined, cause?: unknown) =>
  new ProblemError('copy_unsupported', reason, { cause });

const later = (detail: string, cause?: unknown) =>
  new ProblemError('service_unavailable', detail, {
    headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
    cause,
  });

/** exiftool took too long, or its process is not there. */
const isBusyTool = (error: unknown): boolean =>
  error instanceof MediaError || error instanceof ProcessorUnavailableError;

/** What the caller can act on; undefined for a fault of the machine. */
function problemOf(error: unknown): ProblemError | undefined {
  if (error instanceof ProblemError) return error;
  if (error instanceof CopyUnsupportedError) return unsupported(error.message, error);
  return isObjectStoreError(error, 'object_not_found') ? notFound('original') : undefined;
}
