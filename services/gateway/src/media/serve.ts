import { pipeline } from 'node:stream/promises';
import {
  type ByteRange,
  isObjectStoreError,
  type ObjectInfo,
  type ObjectStore,
} from '@lazyphotos/object-storage';
import { notFound, ProblemError } from '@lazyphotos/service-kit';
import type { Request, Response } from 'express';
import fresh from 'fresh';
import { resolveRange } from './range.js';

const etagOf = (info: ObjectInfo): string => `"${info.etag}"`;

/** A preview may be made again at any moment; headers of the old one do not fit the new one. */
const changedMeanwhile = (cause?: unknown) =>
  new ProblemError('service_unavailable', 'The file was replaced just now.', {
    headers: { 'Retry-After': '1' },
    ...(cause === undefined ? {} : { cause }),
  });

export async function orNotFound<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (isObjectStoreError(error, 'object_not_found')) throw notFound('file');
    if (isObjectStoreError(error, 'invalid_range')) throw changedMeanwhile(error);
    throw error;
  }
}

/** Opens the very object that `info` describes. */
async function openObject(store: ObjectStore, info: ObjectInfo, range: ByteRange | undefined) {
  const opened = await orNotFound(store.get(info.key, range));
  if (opened.info.etag === info.etag) return opened.body;
  opened.body.destroy();
  throw changedMeanwhile();
}

function setHeaders(res: Response, { info, cacheControl, disposition }: ServedObject): void {
  res.setHeader('ETag', etagOf(info));
  res.setHeader('Last-Modified', info.lastModified.toUTCString());
  res.setHeader('Accept-Ranges', 'bytes');
  res.setHeader('Content-Type', info.contentType);
  res.setHeader('Content-Disposition', disposition);
  res.setHeader('Cache-Control', cacheControl);
}

function setLength(res: Response, info: ObjectInfo, range: ByteRange | undefined): void {
  res.setHeader('Content-Length', range ? range.end - range.start + 1 : info.size);
  if (!range) return;
  res.status(206);
  res.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${info.size}`);
}

/**
 * Whether the client's copy is current. Its Cache-Control is left out: that is meant for caches on the way, and HTTP clients add
 * `no-cache` by themselves when somebody sets If-None-Match.
 */
const isFresh = (req: Request, info: ObjectInfo): boolean =>
  fresh(
    { 'if-none-match': req.get('if-none-match'), 'if-modified-since': req.get('if-modified-since') },
    { etag: etagOf(info), 'last-modified': info.lastModified.toUTCString() },
  );

/** Opens a whole object by its key. @throws ProblemError `not_found` */
export const openWhole = (store: ObjectStore, key: string) => orNotFound(store.get(key));

/** The range to send, or undefined for the whole. @throws ProblemError `range_not_satisfiable` */
function wantedRange(req: Request, info: ObjectInfo): ByteRange | undefined {
  const range = resolveRange(req, info.size, etagOf(info));
  if (range.kind === 'unsatisfiable') {
    const headers = { 'Content-Range': `bytes */${info.size}` };
    throw new ProblemError('range_not_satisfiable', `The file has ${info.size} bytes.`, { headers });
  }
  return range.kind === 'part' ? { start: range.start, end: range.end } : undefined;
}

/** A client that goes away in the middle of a response is no fault. */
export const isGone = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === 'ERR_STREAM_PREMATURE_CLOSE';

/** An object, and what the response says of it. */
export interface ServedObject {
  info: ObjectInfo;
  cacheControl: string;
  disposition: string;
}

/** Responds with an object, or with the part of it that the client asks for. @throws ProblemError `not_found`, `range_not_satisfiable` */
export async function serveObject(
  req: Request,
  res: Response,
  store: ObjectStore,
  served: ServedObject,
): Promise<void> {
  const { info } = served;
  if (isFresh(req, info)) {
    setHeaders(res, served);
    res.status(304).end();
    return;
  }
  const range = wantedRange(req, info);
  // Opened before the first header is set: a problem must not go out under the headers of a picture.
  const body = req.method === 'HEAD' ? undefined : await openObject(store, info, range);
  setHeaders(res, served);
  setLength(res, info, range);
  if (!body) res.end();
  else if (res.destroyed) body.destroy();
  else await pipeline(body, res);
}
