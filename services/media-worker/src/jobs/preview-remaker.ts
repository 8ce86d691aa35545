import { createHash } from 'node:crypto';
import { PREVIEW_VARIANTS, type PreviewsApi, storageKeys, type UserPhoto } from '@lazyphotos/contracts';
import { isObjectStoreError, type ObjectInfo, type ObjectStore } from '@lazyphotos/object-storage';
import type { Logger } from '@lazyphotos/service-kit';
import type { MediaMetrics } from '../metrics.js';
import type { Ledger } from './ledger.js';

export interface PreviewRemakerDeps {
  store: ObjectStore;
  ledger: Ledger;
  metrics: MediaMetrics;
  logger: Logger;
}

/**
 * Has previews made again that a power cut has taken: they are not synced when they are stored
 * (docs/decisions/0035-previews-without-fsync.md).
 */
export class PreviewRemaker implements PreviewsApi {
  readonly #deps: PreviewRemakerDeps;

  constructor(deps: PreviewRemakerDeps) {
    this.#deps = deps;
  }

  async remakePreviews(photo: UserPhoto): Promise<void> {
    const { ledger, metrics, logger } = this.#deps;
    if (await this.#areWhole(photo)) return;
    const { userId, photoId } = photo;
    const storageKey = storageKeys.original(userId, photoId);
    const original = await this.#find(storageKey);
    // A run would fail, and the photo would lose what it still has.
    if (!original) return;
    const isRestarted = await ledger.restart({ photoId, userId, storageKey, mimeType: original.contentType });
    if (!isRestarted) return;
    metrics.remade.inc();
    logger.warn('previews were lost and are made again', { photoId });
  }

  /** Looks at these photos, one after the other, until the signal ends it. A fault of the machine ends it as well: requests go on finding. */
  async check(photos: Promise<readonly UserPhoto[]>, signal: AbortSignal): Promise<void> {
    try {
      for (const photo of await photos) {
        if (signal.aborted) return;
        await this.remakePreviews(photo);
      }
    } catch (error) {
      this.#deps.logger.warn('the last previews could not be checked', { error });
    }
  }

  async #areWhole({ userId, photoId }: UserPhoto): Promise<boolean> {
    for (const variant of PREVIEW_VARIANTS) {
      const key = storageKeys.derived(userId, photoId, variant);
      if (!(await this.#isWhole(key))) return false;
    }
    return true;
  }

  /** Compares the bytes with their hash: there are file systems that keep the size of a file and lose its content. */
  async #isWhole(key: string): Promise<boolean> {
    const opened = await orMissing(this.#deps.store.get(key));
    if (!opened) return false;
    const hash = createHash('sha256');
    for await (const chunk of opened.body as AsyncIterable<Buffer>) hash.update(chunk);
    return !opened.info.isDamaged && hash.digest('hex') === opened.info.metadata.sha256;
  }

  #find(key: string): Promise<ObjectInfo | undefined> {
    return orMissing(this.#deps.store.head(key));
  }
}

async function orMissing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isObjectStoreError(error, 'object_not_found')) return undefined;
    throw error;
  }
}
