import { createHash } from 'node:crypto';
import type { ShareSigning } from '@lazyphotos/service-kit';
import { thumbHashToApproximateAspectRatio, thumbHashToRGBA } from 'thumbhash';
import { readAsset } from '../../pages/page.js';

/** The addresses that a page of a share link uses. All are paths, so that they work under every name of the node. */
export interface ShareAddresses {
  /** With scheme and host, for other programs. */
  full: string;
  page: string;
  isHttps: boolean;
  unlock: string;
  archive: string;
  /** A page of the list; the first one without a cursor. */
  ofPage(cursor: string | undefined): string;
  /** A photo on its own page. The cursor is that of the page of the list that shows it. */
  ofPhoto(photoId: string, cursor: string | undefined): string;
  ofDownload(photoId: string, cursor: string | undefined): string;
  /** Returns a picture's URL, as a path if it is on this node. */
  ofMedia(url: string): string;
}

const query = (parameters: Record<string, string | undefined>): string => {
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return `?${new URLSearchParams(given)}`;
};

export function shareAddresses(token: string, signing: Pick<ShareSigning, 'pageUrl'>): ShareAddresses {
  const full = signing.pageUrl(token);
  const { origin, pathname: page, protocol } = new URL(full);
  return {
    full,
    page,
    isHttps: protocol === 'https:',
    unlock: `${page}/unlock`,
    archive: `${page}/archive`,
    ofPage: (cursor) => (cursor === undefined ? page : query({ cursor })),
    ofPhoto: (photo, cursor) => query({ photo, cursor }),
    ofDownload: (photo, cursor) => query({ photo, cursor, download: '1' }),
    ofMedia: (url) => (url.startsWith(`${origin}/`) ? url.slice(origin.length) : url),
  };
}

export interface PageScript {
  /** Holds a hash of the script, so that browsers may keep the script without asking again. */
  path: string;
  code: string;
}

/**
 * Returns the script of the page: `share.js`, and the two functions of the package `thumbhash` that draw a placeholder. They need
 * only each other, so their source is copied; the whole package is three times as long.
 */
export function pageScript(): PageScript {
  const code = [thumbHashToApproximateAspectRatio, thumbHashToRGBA, readAsset('share.js')]
    .map(String)
    .join('\n');
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 16);
  return { path: `/assets/share-${hash}.js`, code };
}
