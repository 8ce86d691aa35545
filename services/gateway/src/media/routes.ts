import { storageKeys } from '@lazyphotos/contracts';
import type { ObjectInfo, PresignedUrls } from '@lazyphotos/object-storage';
import {
  type MediaLocation,
  type MediaUrls,
  methodNotAllowed,
  ProblemError,
  setRoute,
} from '@lazyphotos/service-kit';
import type { Request, Response, Router } from 'express';
import type { Traffic } from '../traffic/traffic.js';
import type { LostPreviewReporter } from './lost-preview-reporter.js';
import type { Pictures } from './pictures.js';
import { cacheControlFor, dispositionOf, isDisconnected, secondsLeft, serveObject } from './serve-object.js';

export interface MediaDeps {
  pictures: Pictures;
  /** If given, pictures come from the store itself: the response to a GET redirects there. */
  presigned?: PresignedUrls | undefined;
  mediaUrls: MediaUrls;
  lostPreviewReporter: LostPreviewReporter;
  traffic: Traffic;
  /** How long a client may take no byte of a picture, in milliseconds. */
  stallMs: number;
  now: () => Date;
}

const MEDIA_PATH = '/media/:userId/:photoId/:variant';
/** As metrics name it. */
export const MEDIA_ROUTE = '/media/{userId}/{photoId}/{variant}';
/** The longest time for which S3 signs. */
const A_WEEK = 7 * 86_400;
/** The least time that is left to follow a redirect that a cache has kept. */
const MARGIN_SECONDS = 60;

/** Serves originals and previews by signed URL, straight from the object store, without asking any other service. */
export function mountMedia(router: Router, deps: MediaDeps): void {
  router.get(MEDIA_PATH, (req, res, next) => {
    setRoute(req, MEDIA_ROUTE);
    serveMedia(deps, req, res).catch((error: unknown) =>
      isDisconnected(error) ? res.destroy() : next(error),
    );
  });
  router.all(MEDIA_PATH, methodNotAllowed(['GET']));
}

async function serveMedia(deps: MediaDeps, req: Request, res: Response) {
  const { pictures, presigned, mediaUrls, lostPreviewReporter, now } = deps;
  // Express parses the query at each access.
  const { exp, sig, name: nameToSave } = req.query;
  const location = mediaUrls.verify(req.path, exp, sig, nameToSave);
  if (!location) throw new ProblemError('invalid_signature');
  const { photoId, variant, name } = location;
  const key = keyOf(location);
  const seconds = secondsLeft(location, now());
  const saveAs = ({ metadata }: ObjectInfo) => dispositionOf(photoId, variant, name ?? metadata['file-name']);
  // A presigned URL is valid for GET only; the response to a HEAD is made here.
  if (presigned && req.method === 'GET') {
    const info = await lostPreviewReporter.watch(location, pictures.head(key));
    return redirectToStore(res, presigned, info, saveAs(info), seconds);
  }
  if (!(await deps.traffic.holdDownload(req, location.userId))) return;
  const object = await lostPreviewReporter.watch(location, pictures.find(req, key, variant));
  await serveObject(req, res, object, {
    cacheControl: cacheControlFor(seconds),
    disposition: saveAs(object.info),
    stallMs: deps.stallMs,
  });
}

export const keyOf = ({ userId, photoId, variant }: MediaLocation): string =>
  variant === 'original'
    ? storageKeys.original(userId, photoId)
    : storageKeys.derived(userId, photoId, variant);

/**
 * Redirects the client to the store, with a URL that ends no later than the one it came with. The response there has the headers
 * that the gateway would send, as far as S3 lets them be set; ranges and entity tags are then those of the store.
 * @throws ProblemError `invalid_signature` when less than a second is left
 */
async function redirectToStore(
  res: Response,
  store: PresignedUrls,
  info: ObjectInfo,
  contentDisposition: string,
  secondsLeft: number,
): Promise<void> {
  const seconds = Math.min(secondsLeft, A_WEEK);
  if (seconds === 0) throw new ProblemError('invalid_signature');
  const url = await store.presignedGet(info.key, {
    expiresInSeconds: seconds,
    contentDisposition,
    contentType: info.contentType,
    cacheControl: cacheControlFor(seconds),
  });
  res.setHeader('Cache-Control', `private, max-age=${Math.max(0, seconds - MARGIN_SECONDS)}`);
  res.status(302).setHeader('Location', url).end();
}
