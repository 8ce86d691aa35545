import type { PreviewsApi, UserPhoto } from '@lazyphotos/contracts';
import { type Logger, ProblemError, type SignedVariant } from '@lazyphotos/service-kit';
import pLimit from 'p-limit';
import { isPreview } from './pictures.js';

/** The media worker has a longer pause of its own; this spares the calls. */
const PAUSE_MS = 60_000;
const AT_ONCE = 4;
const MAX_WAITING = 1000;
/** Photos whose report is remembered; a forgotten one costs one more call. */
const REMEMBERED = 10_000;

export interface WantedPicture extends UserPhoto {
  variant: SignedVariant;
}

/**
 * Notices previews that are not there, as after a power cut, and has them made again. No response waits for it. A client
 * that scrolls through many of them asks for each photo once in a while and for few at a time; what is left out comes with a later request.
 */
export class LostPreviewReporter {
  readonly #previews: PreviewsApi;
  readonly #logger: Logger;
  readonly #limit = pLimit(AT_ONCE);
  /** By photo, the oldest report first. */
  readonly #reportedAt = new Map<string, number>();

  constructor(previews: PreviewsApi, logger: Logger) {
    this.#previews = previews;
    this.#logger = logger;
  }

  /** Resolves to what is found of a picture. Throws what `found` throws, having reported a preview that is not there. */
  async watch<T>(picture: WantedPicture, found: Promise<T>): Promise<T> {
    try {
      return await found;
    } catch (error) {
      const isMissing = error instanceof ProblemError && error.code === 'not_found';
      if (isMissing && isPreview(picture.variant)) this.#report(picture);
      throw error;
    }
  }

  #report({ userId, photoId }: WantedPicture): void {
    const now = performance.now();
    const reportedAt = this.#reportedAt.get(photoId);
    if (reportedAt !== undefined && now - reportedAt < PAUSE_MS) return;
    if (this.#limit.pendingCount >= MAX_WAITING) return;
    this.#remember(photoId, now);
    this.#limit(() => this.#previews.remakePreviews({ userId, photoId })).catch((error: unknown) => {
      this.#logger.warn('a lost preview could not be reported', { photoId, error });
    });
  }

  #remember(photoId: string, now: number): void {
    this.#reportedAt.delete(photoId);
    this.#reportedAt.set(photoId, now);
    const [oldest] = this.#reportedAt.keys();
    if (this.#reportedAt.size > REMEMBERED && oldest !== undefined) this.#reportedAt.delete(oldest);
  }
}
