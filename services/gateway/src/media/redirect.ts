import type { ObjectInfo, PresignedUrls } from '@lazyphotos/object-storage';
import { type MediaLocation, ProblemError } from '@lazyphotos/service-kit';
import type { Response } from 'express';
import { dispositionOf } from './disposition.js';
import { cacheControlFor, secondsLeft } from './lifetime.js';

/** The longest that S3 signs for. */
const A_WEEK = 7 * 86_400;
/** Whoever follows a redirect that was kept has at least this long to do so. */
const MARGIN_SECONDS = 60;

/**
 * Sends the client to the store, with a URL that ends no later than the one it came with. The answer there has the headers
 * that the gateway would give it, as far as S3 lets them be set; ranges and entity tags are then between client and store.
 * @throws ProblemError `invalid_signature` when less than a second is left
 */
export async function redirectToStore(
  res: Response,
  store: PresignedUrls,
  location: MediaLocation,
  info: ObjectInfo,
  now: Date,
): Promise<void> {
  const seconds = Math.min(secondsLeft(location, now), A_WEEK);
  if (seconds === 0) throw new ProblemError('invalid_signature');
  const url = await store.presignedGet(info.key, {
    expiresInSeconds: seconds,
    contentDisposition: dispositionOf(location.photoId, location.variant, info.metadata['file-name']),
    contentType: info.contentType,
    cacheControl: cacheControlFor(seconds),
  });
  res.setHeader('Cache-Control', `private, max-age=${Math.max(0, seconds - MARGIN_SECONDS)}`);
  res.status(302).setHeader('Location', url).end();
}
