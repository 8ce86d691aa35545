import type { ShareContent, SharedPhoto } from '@lazyphotos/contracts';
import type { ShareMedia } from '@lazyphotos/service-kit';

export interface SharedOriginal {
  photo: SharedPhoto;
  media: ShareMedia;
}

/** Reads one page of the link again. Rejects when the link has ended meanwhile. */
export type ReadPage = (cursor: string | undefined) => Promise<ShareContent>;

/**
 * Yields every photo of a link with what its original's URL stands for, page after page. Such URLs do not last as long as a slow
 * download: once one has ended, its page is read again, so that a link that was revoked ends here as well.
 */
export async function* sharedOriginals(
  first: ShareContent,
  readPage: ReadPage,
  open: (url: string) => ShareMedia | undefined,
): AsyncGenerator<SharedOriginal> {
  let cursor: string | undefined;
  let page = first;
  const yielded = new Set<string>();
  for (;;) {
    let isFresh = true;
    let hasEnded = false;
    for (const photo of page.photos) {
      if (yielded.has(photo.id) || photo.originalUrl === undefined) continue;
      const media = open(photo.originalUrl);
      if (!media) {
        if (isFresh && page !== first) throw new Error('a new URL of a share link cannot be opened');
        hasEnded = true;
        break;
      }
      isFresh = false;
      yielded.add(photo.id);
      yield { photo, media };
    }
    if (!hasEnded) {
      if (!page.hasMore || page.cursor === null) return;
      cursor = page.cursor;
      yielded.clear();
    }
    page = await readPage(cursor);
  }
}
