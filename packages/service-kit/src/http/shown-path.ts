/** Characters of a token or a sealed handle, percent-encoded ones included. Every name in our routes is shorter. */
const LONG_SEGMENT = /[\w%~.-]{20,}/g;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The path of a request as logs and problems may show it: without its query, and without what may be a secret, as the token of
 * a share link is. Paths that lead nowhere count too: a mistyped one still holds the whole token. Ids stay.
 */
export const shownPath = (originalUrl: string): string =>
  (originalUrl.split('?')[0] ?? '').replace(LONG_SEGMENT, (part) => (UUID.test(part) ? part : '***'));
