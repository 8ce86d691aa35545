import { type CopiesApi, type ShareUnlock, storageKeys } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { ProblemError, type ShareMedia, type ShareSigning, shareProblem } from '@lazyphotos/service-kit';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';
import type { LostPreviewReporter } from '../media/lost-preview-reporter.js';
import { orNotFound, type Pictures } from '../media/pictures.js';
import { cacheControlFor, dispositionOf, secondsLeft, serveObject } from '../media/serve-object.js';
import type { Traffic } from '../traffic/traffic.js';

export interface ShareMediaDeps {
  pictures: Pictures;
  signing: ShareSigning;
  findObject: FindSharedObject;
  lostPreviewReporter: LostPreviewReporter;
  traffic: Traffic;
  /** How long a client may take no byte of a picture, in milliseconds. */
  stallMs: number;
  now: () => Date;
}

/**
 * Serves a picture of a share link by the handle in its URL, without asking whether the link still exists: the handle ends
 * within LAZYPHOTOS_SHARE_MEDIA_SECONDS. It is always sent by the gateway, since a presigned URL of the store would show the
 * owner's id. Without a password, shared caches may keep it until the handle ends; with one, only the visitor's browser may.
 */
export async function serveShareMedia(deps: ShareMediaDeps, req: Request, res: Response): Promise<void> {
  const { pictures, signing, findObject, lostPreviewReporter, now } = deps;
  const { token = '', handle = '' } = req.params as Record<string, string>;
  const media = signing.openMedia(token, handle);
  if (!media) throw new ProblemError('invalid_signature');
  const { passwordVersion } = media;
  if (
    passwordVersion !== undefined &&
    signing.unlocks.passwordVersionOf(token, unlockTokenOf(req)) !== passwordVersion
  )
    throw shareProblem('share_password_required');
  const key = await findObject(media);
  if (!(await deps.traffic.holdDownload(req, media.userId))) return;
  const object = await lostPreviewReporter.watch(media, pictures.find(req, key, media.variant));
  const scope = passwordVersion === undefined ? 'public' : 'private';
  await serveObject(req, res, object, {
    cacheControl: cacheControlFor(secondsLeft(media, now()), scope),
    disposition: dispositionOf(media.photoId, media.variant, media.name),
    stallMs: deps.stallMs,
  });
}

export type FindSharedObject = (media: ShareMedia) => Promise<string>;

/**
 * Returns the key of the object that holds what a link may show of a photo. An original is served as a copy that does not name its
 * owner, and holds no location unless the link shows it. The media worker makes the copy on the first request; if the original
 * names neither, the key of the original is returned. Previews hold no metadata.
 * @throws ProblemError `not_found`, `copy_unsupported` (no such copy can be made of this format), `service_unavailable`
 */
export async function findSharedObject(
  store: ObjectStore,
  copies: CopiesApi,
  media: ShareMedia,
): Promise<string> {
  const { userId, photoId, variant, stripLocation } = media;
  if (variant !== 'original') return storageKeys.derived(userId, photoId, variant);
  const storageKey = storageKeys.original(userId, photoId);
  const { contentType: mimeType } = await orNotFound(store.head(storageKey));
  const kind = stripLocation ? 'without-location' : 'without-owner';
  const { key } = await copies.makeCopy({ kind, userId, photoId, storageKey, mimeType });
  return key;
}

/** Each link has its own cookie, which is sent only to paths below `/s/{token}`. */
const UNLOCK_COOKIE = 'share-unlock';

/** Returns the visitor's unlock token: that in `X-Share-Token`, or that in the cookie of the page. */
export function unlockTokenOf(req: Request): string | undefined {
  return req.get('x-share-token') ?? parseCookie(req.headers.cookie ?? '')[UNLOCK_COOKIE];
}

/** Keeps an unlock in the visitor's browser for one page until it ends. Scripts and other sites cannot read it. */
export function keepUnlock(
  res: Response,
  unlock: ShareUnlock,
  page: { path: string; isHttps: boolean },
): void {
  const cookie = stringifySetCookie({
    name: UNLOCK_COOKIE,
    value: unlock.token,
    path: page.path,
    httpOnly: true,
    sameSite: 'strict',
    secure: page.isHttps,
    expires: new Date(unlock.expiresAt),
  });
  res.append('Set-Cookie', cookie);
}
