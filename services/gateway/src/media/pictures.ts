import type { Readable } from 'node:stream';
import { PREVIEW_VARIANTS } from '@lazyphotos/contracts';
import {
  type ByteRange,
  hasChangeNotices,
  hasLocalFiles,
  hasVersionCheck,
  isObjectStoreError,
  type ObjectInfo,
  type ObjectStore,
} from '@lazyphotos/object-storage';
import { notFound, ProblemError, type SignedVariant } from '@lazyphotos/service-kit';
import type { Request } from 'express';
import { type CachedPreview, type CacheOutcome, type OpenedObject, PreviewCache } from './preview-cache.js';
import { rangeToOpen } from './ranges.js';

/** One version of an object, whose bytes can be read once. */
export interface FoundObject {
  info: ObjectInfo;
  /** @throws ProblemError `not_found`, or `service_unavailable` if there is another version by now */
  read(range: ByteRange | undefined): Promise<Readable | Buffer>;
  /** Releases what was opened and is not read. */
  close(): void;
}

export interface PictureOptions {
  store: ObjectStore;
  /** For previews in memory; 0: none. */
  cacheBytes: number;
  /** Milliseconds of a clock that never goes back. */
  monotonicNow: () => number;
  onLookup: (outcome: CacheOutcome) => void;
}

/**
 * How long a purged preview may still be sent from memory where asking costs a request to a server; a new one is sent after this
 * time, too. Files are asked for at each use.
 */
const FRESH_MS = 1000;

/** The pictures of the object store, some of whose previews are in memory. */
export class Pictures {
  readonly #store: ObjectStore;
  readonly #previews: PreviewCache | undefined;

  constructor({ store, cacheBytes, monotonicNow, onLookup }: PictureOptions) {
    this.#store = store;
    const freshMs = hasLocalFiles(store) ? 0 : FRESH_MS;
    if (cacheBytes > 0 && (hasChangeNotices(store) || hasVersionCheck(store)))
      this.#previews = new PreviewCache({ store, maxBytes: cacheBytes, freshMs, monotonicNow, onLookup });
  }

  /** How many bytes the previews in memory take. */
  get cachedBytes(): number {
    return this.#previews?.bytes ?? 0;
  }

  /** As `PreviewCache.current`. */
  currentInMemory(key: string): CachedPreview | Promise<CachedPreview | undefined> | undefined {
    return this.#previews?.current(key);
  }

  /** Finds what the request asks for. Where one request to the store can do, there is one. @throws ProblemError `not_found` */
  async find(req: Request, key: string, variant: SignedVariant): Promise<FoundObject> {
    const wanted = this.#toOpen(req);
    const cached = isPreview(variant) ? await orNotFound(this.#cached(key, wanted === 'whole')) : undefined;
    if (cached && 'bytes' in cached) return inMemory(cached, variant);
    if (wanted === 'whole') return this.#opened(cached ?? (await orNotFound(this.#store.get(key))), variant);
    cached?.body.destroy();
    const part = wanted && (await this.#openPart(key, wanted));
    if (part) return this.#opened(part, variant, wanted);
    const info = cached?.info ?? (await orNotFound(this.#store.head(key)));
    checkWhole(info, variant);
    return { info, read: (range) => readVersion(this.#store, info, range), close: () => undefined };
  }

  /** Returns what to open before anything is known of the object; undefined if it has to be looked at first. */
  #toOpen({ method, headers }: Request): 'whole' | ByteRange | undefined {
    if (method !== 'GET') return undefined;
    const isConditional =
      headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined;
    if (headers.range === undefined) {
      // Most conditional requests end in a 304. An open file costs nothing that is not read; a server would send bytes.
      return !isConditional || hasLocalFiles(this.#store) ? 'whole' : undefined;
    }
    return isConditional ? undefined : rangeToOpen(headers.range);
  }

  /** Resolves to undefined if the object has no byte in the range. */
  async #openPart(key: string, range: ByteRange): Promise<OpenedObject | undefined> {
    try {
      return await this.#store.get(key, range);
    } catch (error) {
      if (isObjectStoreError(error, 'invalid_range')) return undefined;
      return orNotFound(Promise.reject(error));
    }
  }

  #opened({ info, body }: OpenedObject, variant: SignedVariant, part?: ByteRange): FoundObject {
    const close = () => void body.destroy();
    try {
      checkWhole(info, variant);
    } catch (error) {
      close();
      throw error;
    }
    const start = part?.start ?? 0;
    const end = Math.min(part?.end ?? info.size, info.size - 1);
    const isOpen = (range: ByteRange | undefined) =>
      range ? range.start === start && range.end === end : part === undefined;
    return {
      info,
      close,
      // Another part, or all, if `If-Range` names another version.
      read: async (range) => (isOpen(range) ? body : readVersion(this.#store, info, range)),
    };
  }

  /** @throws ProblemError `not_found` */
  head(key: string): Promise<ObjectInfo> {
    return orNotFound(this.#store.head(key));
  }

  /** A server would send the bytes of a preview that is too large to be kept, so only a request that wants them all reads it. */
  async #cached(key: string, isWanted: boolean) {
    return isWanted || hasLocalFiles(this.#store) ? this.#previews?.find(key) : this.#previews?.current(key);
  }
}

export const isPreview = (variant: SignedVariant): boolean =>
  (PREVIEW_VARIANTS as readonly string[]).includes(variant);

function inMemory({ info, bytes }: CachedPreview, variant: SignedVariant): FoundObject {
  checkWhole(info, variant);
  return {
    info,
    read: async (range) => (range ? bytes.subarray(range.start, range.end + 1) : bytes),
    close: () => undefined,
  };
}

/** What is left of an original is shown. A preview can be made again, so a part of one is not. @throws ProblemError `not_found` */
function checkWhole(info: ObjectInfo, variant: SignedVariant): void {
  if (info.isDamaged && isPreview(variant)) throw notFound('file');
}

/** Opens the very version of the object that `info` describes. */
async function readVersion(
  store: ObjectStore,
  info: ObjectInfo,
  range: ByteRange | undefined,
): Promise<Readable> {
  const found = await orNotFound(store.get(info.key, range));
  if (found.info.etag === info.etag) return found.body;
  found.body.destroy();
  throw fileReplaced();
}

/** Translates errors of the store. @throws ProblemError `not_found`, `service_unavailable` */
export async function orNotFound<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (isObjectStoreError(error, 'object_not_found')) throw notFound('file');
    if (isObjectStoreError(error, 'invalid_range')) throw fileReplaced(error);
    throw error;
  }
}

/** A preview may be made again at any moment; the headers of the old one do not fit the new one. */
const fileReplaced = (cause?: unknown) =>
  new ProblemError('service_unavailable', 'The file was replaced just now.', {
    headers: { 'Retry-After': '1' },
    ...(cause === undefined ? {} : { cause }),
  });
