import type { ShareUnlock } from '@lazyphotos/contracts';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';

/** Each link has a cookie of its own: it is sent to paths below `/s/{token}` only. */
const COOKIE = 'share-unlock';

/** The unlock token that a visitor shows: in `X-Share-Token`, or in the cookie of the page. */
export function unlockTokenOf(req: Request): string | undefined {
  return req.get('x-share-token') ?? parseCookie(req.headers.cookie ?? '')[COOKIE];
}

/** Keeps an unlock in the visitor's browser for one page, out of reach of scripts and of other sites, until it ends. */
export function keepUnlock(
  res: Response,
  unlock: ShareUnlock,
  page: { path: string; isHttps: boolean },
): void {
  const cookie = stringifySetCookie({
    name: COOKIE,
    value: unlock.token,
    path: page.path,
    httpOnly: true,
    sameSite: 'strict',
    secure: page.isHttps,
    expires: new Date(unlock.expiresAt),
  });
  res.append('Set-Cookie', cookie);
}
