import { pipeline } from 'node:stream/promises';
import type { ByteRange, ObjectInfo, ObjectStore } from '@lazyphotos/object-storage';
import { type MediaLocation, type MediaUrls, notFound, ProblemError, setRoute } from '@lazyphotos/service-kit';
import { create as contentDisposition } from 'content-disposition';
import type { Request, Response, Router } from 'express';
import fresh from 'fresh';
import { resolveRange } from './range.js';

export interface MediaDeps {
  store: ObjectStore;
  mediaUrls: MediaUrls;
  now: () => Date;
}

const keyOf = ({ userId, photoId, variant }: MediaLocation): string =>
  variant === 'original' ? `originals/${userId}/${photoId}` : `derived/${userId}/${photoId}/${variant}`;

function disposition(location: MediaLocation, info: ObjectInfo): string {
  const original = location.variant === 'original';
  const name = info.metadata['file-name'] ?? `${location.photoId}-${location.variant}.jpg`;
  // Originals are saved, previews are shown; no path may hide in the name.
  return contentDisposition(name.replace(/[/\\]/g, '_'), { type: original ? 'attachment' : 'inline' });
}

function setHeaders(res: Response, location: MediaLocation, info: ObjectInfo, now: Date): string {
  const etag = `"${info.etag}"`;
  const seconds = Math.max(0, Math.floor((location.expiresAt.getTime() - now.getTime()) / 1000));
  res.setHeader('ETag', etag);
  res.setHeader('Last-Modified', info.lastModified.toUTCString());
  res.setHeader('Accept-Ranges', 'bytes');
  res.setHeader('Content-Type', info.contentType);
  res.setHeader('Content-Disposition', disposition(location, info));
  res.setHeader('Cache-Control', `private, max-age=${seconds}, immutable`);
  return etag;
}

async function send(req: Request, res: Response, store: ObjectStore, info: ObjectInfo, range?: ByteRange): Promise<void> {
  res.setHeader('Content-Length', range ? range.end - range.start + 1 : info.size);
  if (range) {
    res.status(206);
    res.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${info.size}`);
  }
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  const { body } = await store.get(info.key, range);
  await pipeline(body, res);
}

/**
 * Whether the client's copy is current. Its Cache-Control is left out: that speaks to caches on the way, and HTTP clients add
 * `no-cache` by themselves when somebody sets If-None-Match.
 */
const isFresh = (req: Request, res: Response): boolean =>
  fresh(
    { 'if-none-match': req.get('if-none-match'), 'if-modified-since': req.get('if-modified-since') },
    { etag: res.getHeader('ETag'), 'last-modified': res.getHeader('Last-Modified') },
  );

/** A client that goes away in the middle of a picture is no fault. */
const isGone = (error: unknown): boolean => (error as { code?: unknown }).code === 'ERR_STREAM_PREMATURE_CLOSE';

async function headOrNotFound(store: ObjectStore, key: string): Promise<ObjectInfo> {
  try {
    return await store.head(key);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'object_not_found') throw notFound('file');
    throw error;
  }
}

/** Serves originals and previews by signed URL, straight from the object store, without asking any other service. */
export function mountMedia(router: Router, { store, mediaUrls, now }: MediaDeps): void {
  const deliver = async (req: Request, res: Response): Promise<void> => {
    const location = mediaUrls.verify(req.path, req.query.exp, req.query.sig);
    if (!location) throw new ProblemError('invalid_signature');
    const info = await headOrNotFound(store, keyOf(location));
    const etag = setHeaders(res, location, info, now());
    if (isFresh(req, res)) {
      res.status(304).end();
      return;
    }
    const range = resolveRange(req, info.size, etag);
    if (range.kind === 'unsatisfiable') {
      const headers = { 'Content-Range': `bytes */${info.size}` };
      throw new ProblemError('range_not_satisfiable', `The file has ${info.size} bytes.`, { headers });
    }
    await send(req, res, store, info, range.kind === 'part' ? range : undefined);
  };
  router.get('/media/:userId/:photoId/:variant', (req, res, next) => {
    setRoute(req, '/media/{userId}/{photoId}/{variant}');
    deliver(req, res).catch((error: unknown) => (isGone(error) ? res.destroy() : next(error)));
  });
}
