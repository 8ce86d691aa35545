import { pipeline } from 'node:stream/promises';
import type { ByteRange, ObjectInfo, ObjectStore, PresignedUrls } from '@lazyphotos/object-storage';
import {
  type MediaLocation,
  type MediaUrls,
  methodNotAllowed,
  notFound,
  ProblemError,
  setRoute,
} from '@lazyphotos/service-kit';
import type { Request, Response, Router } from 'express';
import fresh from 'fresh';
import { dispositionOf } from './disposition.js';
import { cacheControlFor, secondsLeft } from './lifetime.js';
import { resolveRange } from './range.js';
import { redirectToStore } from './redirect.js';

export interface MediaDeps {
  store: ObjectStore;
  /** If given, pictures come from the store itself: a GET is answered with a redirect there. */
  presigned?: PresignedUrls | undefined;
  mediaUrls: MediaUrls;
  now: () => Date;
}

const MEDIA_PATH = '/media/:userId/:photoId/:variant';

const keyOf = ({ userId, photoId, variant }: MediaLocation): string =>
  variant === 'original' ? `originals/${userId}/${photoId}` : `derived/${userId}/${photoId}/${variant}`;

const etagOf = (info: ObjectInfo): string => `"${info.etag}"`;

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

/** A preview may be made again at any moment; what was said about the old one does not fit the new one. */
const changedMeanwhile = (cause?: unknown) =>
  new ProblemError('service_unavailable', 'The file was replaced just now.', {
    headers: { 'Retry-After': '1' },
    ...(cause === undefined ? {} : { cause }),
  });

async function orNotFound<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (codeOf(error) === 'object_not_found') throw notFound('file');
    if (codeOf(error) === 'invalid_range') throw changedMeanwhile(error);
    throw error;
  }
}

/** Opens the very object that `info` describes. */
async function open(store: ObjectStore, info: ObjectInfo, range: ByteRange | undefined) {
  const opened = await orNotFound(store.get(info.key, range));
  if (opened.info.etag === info.etag) return opened.body;
  opened.body.destroy();
  throw changedMeanwhile();
}

function setHeaders(res: Response, location: MediaLocation, info: ObjectInfo, now: Date): void {
  res.setHeader('ETag', etagOf(info));
  res.setHeader('Last-Modified', info.lastModified.toUTCString());
  res.setHeader('Accept-Ranges', 'bytes');
  res.setHeader('Content-Type', info.contentType);
  res.setHeader('Content-Disposition', dispositionOf(location, info));
  res.setHeader('Cache-Control', cacheControlFor(secondsLeft(location, now)));
}

function setLength(res: Response, info: ObjectInfo, range: ByteRange | undefined): void {
  res.setHeader('Content-Length', range ? range.end - range.start + 1 : info.size);
  if (!range) return;
  res.status(206);
  res.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${info.size}`);
}

/**
 * Whether the client's copy is current. Its Cache-Control is left out: that speaks to caches on the way, and HTTP clients add
 * `no-cache` by themselves when somebody sets If-None-Match.
 */
const isFresh = (req: Request, info: ObjectInfo): boolean =>
  fresh(
    { 'if-none-match': req.get('if-none-match'), 'if-modified-since': req.get('if-modified-since') },
    { etag: etagOf(info), 'last-modified': info.lastModified.toUTCString() },
  );

/** The range to send, or undefined for the whole. @throws ProblemError `range_not_satisfiable` */
function wantedRange(req: Request, info: ObjectInfo): ByteRange | undefined {
  const range = resolveRange(req, info.size, etagOf(info));
  if (range.kind === 'unsatisfiable') {
    const headers = { 'Content-Range': `bytes */${info.size}` };
    throw new ProblemError('range_not_satisfiable', `The file has ${info.size} bytes.`, { headers });
  }
  return range.kind === 'part' ? { start: range.start, end: range.end } : undefined;
}

/** A client that goes away in the middle of a picture is no fault. */
const isGone = (error: unknown): boolean => codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE';

/** Serves originals and previews by signed URL, straight from the object store, without asking any other service. */
export function mountMedia(router: Router, { store, presigned, mediaUrls, now }: MediaDeps): void {
  const deliver = async (req: Request, res: Response): Promise<void> => {
    const location = mediaUrls.verify(req.path, req.query.exp, req.query.sig, req.query.name);
    if (!location) throw new ProblemError('invalid_signature');
    const info = await orNotFound(store.head(keyOf(location)));
    // A presigned URL is good for GET only; a HEAD has been answered with what was just looked up.
    if (presigned && req.method === 'GET') return redirectToStore(res, presigned, location, info, now());
    if (isFresh(req, info)) {
      setHeaders(res, location, info, now());
      res.status(304).end();
      return;
    }
    const range = wantedRange(req, info);
    // Opened before the first header is set: a problem must not go out under the headers of a picture.
    const body = req.method === 'HEAD' ? undefined : await open(store, info, range);
    setHeaders(res, location, info, now());
    setLength(res, info, range);
    if (!body) res.end();
    else if (res.destroyed) body.destroy();
    else await pipeline(body, res);
  };
  router.get(MEDIA_PATH, (req, res, next) => {
    setRoute(req, '/media/{userId}/{photoId}/{variant}');
    deliver(req, res).catch((error: unknown) => (isGone(error) ? res.destroy() : next(error)));
  });
  router.all(MEDIA_PATH, methodNotAllowed(['GET']));
}
