import { storageKeys } from '@lazyphotos/contracts';
import type { ObjectInfo, ObjectStore, PresignedUrls } from '@lazyphotos/object-storage';
import {
  type MediaLocation,
  type MediaUrls,
  methodNotAllowed,
  ProblemError,
  setRoute,
} from '@lazyphotos/service-kit';
import type { Request, Response, Router } from 'express';
import {
  cacheControlFor,
  dispositionOf,
  isDisconnected,
  orNotFound,
  secondsLeft,
  serveObject,
} from './serve-object.js';

export interface MediaDeps {
  store: ObjectStore;
  /** If given, pictures come from the store itself: the response to a GET redirects there. */
  presigned?: PresignedUrls | undefined;
  mediaUrls: MediaUrls;
  now: () => Date;
}

const MEDIA_PATH = '/media/:userId/:photoId/:variant';
/** The longest time for which S3 signs. */
const A_WEEK = 7 * 86_400;
/** The least time that is left to follow a redirect that a cache has kept. */
const MARGIN_SECONDS = 60;

/** Serves originals and previews by signed URL, straight from the object store, without asking any other service. */
export function mountMedia(router: Router, deps: MediaDeps): void {
  router.get(MEDIA_PATH, (req, res, next) => {
    setRoute(req, '/media/{userId}/{photoId}/{variant}');
    serveMedia(deps, req, res).catch((error: unknown) =>
      isDisconnected(error) ? res.destroy() : next(error),
    );
  });
  router.all(MEDIA_PATH, methodNotAllowed(['GET']));
}

async function serveMedia({ store, presigned, mediaUrls, now }: MediaDeps, req: Request, res: Response) {
  const location = mediaUrls.verify(req.path, req.query.exp, req.query.sig, req.query.name);
  if (!location) throw new ProblemError('invalid_signature');
  const info = await orNotFound(store.head(keyOf(location)));
  const { photoId, variant, name } = location;
  const disposition = dispositionOf(photoId, variant, name ?? info.metadata['file-name']);
  const seconds = secondsLeft(location, now());
  // A presigned URL is valid for GET only; the response to a HEAD is made of what was just looked up.
  if (presigned && req.method === 'GET') return redirectToStore(res, presigned, info, disposition, seconds);
  await serveObject(req, res, store, { info, cacheControl: cacheControlFor(seconds), disposition });
}

const keyOf = ({ userId, photoId, variant }: MediaLocation): string =>
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
