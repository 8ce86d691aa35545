import type { ShareSigning } from '@lazyphotos/service-kit';

/** The addresses that a page of a share link uses. All are paths of this node, so that they work under every name that it has. */
export interface ShareAddress {
  /** With scheme and host, for other programs. */
  full: string;
  page: string;
  isHttps: boolean;
  unlock: string;
  archive: string;
  /** A page of the list; the first one without a cursor. */
  ofPage(cursor: string | undefined): string;
  /** A photo on a page of its own. The cursor is that of the page of the list on which it stands. */
  ofPhoto(photoId: string, cursor: string | undefined): string;
  ofDownload(photoId: string, cursor: string | undefined): string;
  /** A picture's URL, made a path where it is on this node. */
  ofMedia(url: string): string;
}

const query = (parameters: Record<string, string | undefined>): string => {
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return `?${new URLSearchParams(given)}`;
};

export function shareAddress(token: string, signing: Pick<ShareSigning, 'pageUrl'>): ShareAddress {
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
