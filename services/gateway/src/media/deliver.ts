import { storageKeys } from '@lazyphotos/contracts';
import type { ObjectStore, PresignedUrls } from '@lazyphotos/object-storage';
import {
  type MediaLocation,
  type MediaUrls,
  methodNotAllowed,
  ProblemError,
  setRoute,
} from '@lazyphotos/service-kit';
import type { Request, Response, Router } from 'express';
import { dispositionOf } from './disposition.js';
import { cacheControlFor, secondsLeft } from './lifetime.js';
import { redirectToStore } from './redirect.js';
import { isGone, orNotFound, serveObject } from './serve.js';

export interface MediaDeps {
  store: ObjectStore;
  /** If given, pictures come from the store itself: a GET is answered with a redirect there. */
  presigned?: PresignedUrls | undefined;
  mediaUrls: MediaUrls;
  now: () => Date;
}

const MEDIA_PATH = '/media/:userId/:photoId/:variant';

const keyOf = ({ userId, photoId, variant }: MediaLocation): string =>
  variant === 'original'
    ? storageKeys.original(userId, photoId)
    : storageKeys.derived(userId, photoId, variant);

/** Serves originals and previews by signed URL, straight from the object store, without asking any other service. */
export function mountMedia(router: Router, { store, presigned, mediaUrls, now }: MediaDeps): void {
  const deliver = async (req: Request, res: Response): Promise<void> => {
    const location = mediaUrls.verify(req.path, req.query.exp, req.query.sig, req.query.name);
    if (!location) throw new ProblemError('invalid_signature');
    const info = await orNotFound(store.head(keyOf(location)));
    // A presigned URL is good for GET only; a HEAD has been answered with what was just looked up.
    if (presigned && req.method === 'GET') return redirectToStore(res, presigned, location, info, now());
    await serveObject(req, res, store, {
      info,
      cacheControl: cacheControlFor(secondsLeft(location, now())),
      disposition: dispositionOf(
        location.photoId,
        location.variant,
        location.name ?? info.metadata['file-name'],
      ),
    });
  };
  router.get(MEDIA_PATH, (req, res, next) => {
    setRoute(req, '/media/{userId}/{photoId}/{variant}');
    deliver(req, res).catch((error: unknown) => (isGone(error) ? res.destroy() : next(error)));
  });
  router.all(MEDIA_PATH, methodNotAllowed(['GET']));
}
