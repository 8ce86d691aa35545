import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import {
  type ChangeNotices,
  hasChangeNotices,
  type ObjectInfo,
  type ObjectStore,
  type VersionCheck,
} from '@lazyphotos/object-storage';
import { LRUCache } from 'lru-cache';

/** A preview with its attributes, both of one version. */
export interface CachedPreview {
  info: ObjectInfo;
  bytes: Buffer;
}

/** An object that was opened for one request and does not fit into the cache. */
export type OpenedObject = Awaited<ReturnType<ObjectStore['get']>>;

/** What a look into the cache comes to: a hit, a miss, or a version that is not current any more. */
export type CacheOutcome = 'hit' | 'miss' | 'stale';

export interface PreviewCacheOptions {
  store: ObjectStore & (ChangeNotices | VersionCheck);
  maxBytes: number;
  /**
   * How long a version counts as current after the store was asked for it, in milliseconds; 0: the store is asked at each use. Means
   * nothing where the store tells of changes.
   */
  freshMs: number;
  /** Milliseconds of a clock that never goes back. */
  monotonicNow: () => number;
  onLookup: (outcome: CacheOutcome) => void;
}

/** A larger preview would push out too many others. */
const SHARE_OF_ONE = 32;
/** What an entry takes besides its bytes: keys, attributes, lists. */
const ENTRY_OVERHEAD_BYTES = 1024;
/** How often a preview may change while one request waits for it. */
const ATTEMPTS = 3;

interface Entry extends CachedPreview {
  /** When the request to the store was made whose response was the last one to have this version: it may be as old as that. */
  seenAt: number;
  /** The check that is under way, if there is one. */
  check: Check | undefined;
}

interface Check {
  askedAt: number;
  isCurrent: Promise<boolean>;
}

/** A preview that is being read. Resolves to undefined if it cannot be kept or read. */
type Load = Promise<Entry | undefined>;

/**
 * Small previews that were asked for lately, in memory. A store that sees every change tells of it, and the entry is removed before the
 * change is acknowledged. Any other store is asked whether the version is still current, unless it was asked less than `freshMs`
 * before the request came: so what is returned was purged or replaced at most that long before.
 */
export class PreviewCache {
  readonly #options: PreviewCacheOptions;
  readonly #check: VersionCheck['isCurrent'] | undefined;
  readonly #previews: LRUCache<string, Entry>;
  readonly #loads = new Map<string, Load>();
  readonly #largest: number;

  constructor(options: PreviewCacheOptions) {
    const { store, maxBytes } = options;
    this.#options = options;
    this.#largest = Math.floor(maxBytes / SHARE_OF_ONE);
    this.#previews = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }) => bytes.length + ENTRY_OVERHEAD_BYTES,
    });
    if (hasChangeNotices(store)) store.onChange((key) => this.#forget(key));
    else this.#check = (info) => store.isCurrent(info);
  }

  get bytes(): number {
    return this.#previews.calculatedSize;
  }

  /**
   * Returns the preview, or undefined if it is not in memory. Where the store has to be asked, resolves to it, or to undefined if it is
   * not current any more.
   */
  current(key: string): CachedPreview | Promise<CachedPreview | undefined> | undefined {
    const known = this.#previews.get(key);
    return known && this.#checked(known, this.#options.monotonicNow());
  }

  /**
   * Returns the preview; the opened object if it is too large to be kept; or undefined if the caller has to open it. What has other
   * bytes than its hash says `isDamaged`, and is not kept.
   * Concurrent requests for a preview that is not there read it once. Throws the errors of the store.
   */
  async find(key: string): Promise<CachedPreview | OpenedObject | undefined> {
    const cameAt = this.#options.monotonicNow();
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const known = this.#previews.get(key) ?? this.#loads.get(key);
      if (!known) return this.#load(key);
      const preview = await known;
      const current = preview && (await this.#checked(preview, cameAt));
      if (current) return current;
    }
    return undefined;
  }

  /** A load that another request has begun before this one may have read an older version: with a check it is asked for, too. */
  #checked(known: Entry, cameAt: number): CachedPreview | Promise<CachedPreview | undefined> {
    if (this.#check && !this.#isFresh(known.seenAt, cameAt))
      return this.#confirmed(this.#check, known, cameAt);
    this.#options.onLookup('hit');
    return known;
  }

  /** Whether a response to what was asked then still counts for a request that came at `cameAt`. */
  #isFresh(askedAt: number, cameAt: number): boolean {
    return cameAt - askedAt < this.#options.freshMs;
  }

  async #confirmed(
    isCurrent: VersionCheck['isCurrent'],
    known: Entry,
    cameAt: number,
  ): Promise<CachedPreview | undefined> {
    const underWay = known.check && this.#isFresh(known.check.askedAt, cameAt) ? known.check : undefined;
    const check = underWay ?? this.#ask(isCurrent, known);
    if (await check.isCurrent) {
      // A later question may have been answered first.
      known.seenAt = Math.max(known.seenAt, check.askedAt);
      this.#options.onLookup('hit');
      return known;
    }
    this.#options.onLookup('stale');
    // Another request may have replaced it meanwhile.
    const { key } = known.info;
    if (this.#previews.peek(key) === known) this.#previews.delete(key);
    return undefined;
  }

  #ask(isCurrent: VersionCheck['isCurrent'], known: Entry): Check {
    const askedAt = this.#options.monotonicNow();
    const check = {
      askedAt,
      isCurrent: isCurrent(known.info).finally(() => {
        if (known.check === check) known.check = undefined;
      }),
    };
    known.check = check;
    return check;
  }

  /** What is being read may be the old version: its requests came before the change was acknowledged, and later ones read again. */
  #forget(key: string): void {
    this.#loads.delete(key);
    this.#previews.delete(key);
  }

  async #load(key: string): Promise<CachedPreview | OpenedObject> {
    this.#options.onLookup('miss');
    const { promise: load, resolve } = Promise.withResolvers<Entry | undefined>();
    this.#loads.set(key, load);
    const seenAt = this.#options.monotonicNow();
    try {
      const opened = await this.#options.store.get(key);
      const { info, body } = opened;
      // The attributes of a damaged one may come back without a change of its bytes.
      if (info.size > this.#largest || info.isDamaged) return opened;
      const bytes = await buffer(body);
      if (!hasItsHash(info, bytes)) return { info: { ...info, isDamaged: true }, bytes };
      const preview: Entry = { info, bytes, seenAt, check: undefined };
      // Nothing may come between this look and what follows it: a change removes the load.
      if (this.#loads.get(key) === load) this.#previews.set(key, preview);
      resolve(preview);
      return preview;
    } finally {
      resolve(undefined);
      if (this.#loads.get(key) === load) this.#loads.delete(key);
    }
  }
}

/** A file system without a journal may lose the content of a file and keep its size (docs/decisions/0035-previews-without-fsync.md). */
const hasItsHash = ({ metadata: { sha256 } }: ObjectInfo, bytes: Buffer): boolean =>
  sha256 === undefined || createHash('sha256').update(bytes).digest('hex') === sha256;
