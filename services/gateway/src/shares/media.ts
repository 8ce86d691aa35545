import type { ObjectStore } from '@lazyphotos/object-storage';
import { ProblemError, type ShareSigning, shareProblem } from '@lazyphotos/service-kit';
import type { Request, Response } from 'express';
import { dispositionOf } from '../media/disposition.js';
import { cacheControlFor, secondsLeft } from '../media/lifetime.js';
import { orNotFound, serveObject } from '../media/serve.js';
import type { FindSharedObject } from './shared-object.js';
import { unlockTokenOf } from './unlock-token.js';

export interface ShareMediaDeps {
  store: ObjectStore;
  signing: ShareSigning;
  findObject: FindSharedObject;
  now: () => Date;
}

/**
 * Serves a picture of a share link by the handle in its URL, without asking whether the link still exists: the handle ends
 * within LAZYPHOTOS_SHARE_MEDIA_SECONDS. Always through the gateway, since a presigned URL of the store would show the owner's
 * id. Without a password, caches on the way may keep it as long as the handle is good; with one, only the visitor's browser may.
 */
export const createServeShareMedia =
  ({ store, signing, findObject, now }: ShareMediaDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const { token = '', handle = '' } = req.params as Record<string, string>;
    const media = signing.openMedia(token, handle);
    if (!media) throw new ProblemError('invalid_signature');
    const { passwordVersion } = media;
    if (
      passwordVersion !== undefined &&
      signing.unlocks.passwordVersionOf(token, unlockTokenOf(req)) !== passwordVersion
    )
      throw shareProblem('share_password_required');
    const info = await orNotFound(store.head(await findObject(media)));
    const scope = passwordVersion === undefined ? 'public' : 'private';
    await serveObject(req, res, store, {
      info,
      cacheControl: cacheControlFor(secondsLeft(media, now()), scope),
      disposition: dispositionOf(media.photoId, media.variant, media.name),
    });
  };
