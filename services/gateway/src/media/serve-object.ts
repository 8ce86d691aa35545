import { pipeline } from 'node:stream/promises';
import { PREVIEW_VARIANTS } from '@lazyphotos/contracts';
import {
  type ByteRange,
  isObjectStoreError,
  type ObjectInfo,
  type ObjectStore,
} from '@lazyphotos/object-storage';
import { notFound, ProblemError, type SignedVariant } from '@lazyphotos/service-kit';
import { create } from 'content-disposition';
import type { Request, Response } from 'express';
import fresh from 'fresh';

/** An object, and what the response says about it. */
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
  // Opened before the first header is set: a problem must not be sent with the headers of a picture.
  const body = req.method === 'HEAD' ? undefined : await openObject(store, info, range);
  setHeaders(res, served);
  setLength(res, info, range);
  if (!body) res.end();
  else if (res.destroyed) body.destroy();
  else await pipeline(body, res);
}

const etagOf = (info: ObjectInfo): string => `"${info.etag}"`;

/**
 * Whether the client's copy is current. The Cache-Control of the request is left out: it is meant for caches on the way, and HTTP
 * clients add `no-cache` when a program sets If-None-Match.
 */
const isFresh = (req: Request, info: ObjectInfo): boolean =>
  fresh(
    { 'if-none-match': req.get('if-none-match'), 'if-modified-since': req.get('if-modified-since') },
    { etag: etagOf(info), 'last-modified': info.lastModified.toUTCString() },
  );

const ONE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * Returns the range to send, or undefined for the whole object (RFC 9110, section 14). The whole is sent for several ranges, for
 * malformed ones and for an `If-Range` that names another version. A suffix or an end beyond the object means up to its end.
 * @throws ProblemError `range_not_satisfiable`
 */
function wantedRange(req: Request, info: ObjectInfo): ByteRange | undefined {
  const { size } = info;
  const condition = req.get('if-range');
  if (req.method !== 'GET' || (condition !== undefined && condition !== etagOf(info))) return undefined;
  const [, first = '', last = ''] = ONE_RANGE.exec(req.headers.range ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start <= end) return { start, end };
  const headers = { 'Content-Range': `bytes */${size}` };
  throw new ProblemError('range_not_satisfiable', `The file has ${size} bytes.`, { headers });
}

/** Opens the very version of the object that `info` describes. */
async function openObject(store: ObjectStore, info: ObjectInfo, range: ByteRange | undefined) {
  const opened = await orNotFound(store.get(info.key, range));
  if (opened.info.etag === info.etag) return opened.body;
  opened.body.destroy();
  throw fileReplaced();
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

/** Translates errors of the store. @throws ProblemError `not_found`, `service_unavailable` */
export async function orNotFound<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (isObjectStoreError(error, 'object_not_found')) throw notFound('file');
    if (isObjectStoreError(error, 'invalid_range')) throw fileReplaced(error);
    throw error;
  }
}

/** A preview may be made again at any moment; the headers of the old one do not fit the new one. */
const fileReplaced = (cause?: unknown) =>
  new ProblemError('service_unavailable', 'The file was replaced just now.', {
    headers: { 'Retry-After': '1' },
    ...(cause === undefined ? {} : { cause }),
  });

/** Whether a response failed because its client disconnected, which is not an error. */
export const isDisconnected = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === 'ERR_STREAM_PREMATURE_CLOSE';

/** Returns the whole seconds for which a signed URL is still valid. */
export const secondsLeft = ({ expiresAt }: { expiresAt: Date }, now: Date): number =>
  Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1000));

/** What a URL names does not change while the URL is valid. With `private` only the client itself may keep it, no shared cache. */
export const cacheControlFor = (seconds: number, scope: 'public' | 'private' = 'private'): string =>
  `${scope}, max-age=${seconds}, immutable`;

/**
 * Returns the Content-Disposition (RFC 6266). Originals and their copies are saved under `fileName`; previews are shown.
 */
export function dispositionOf(photoId: string, variant: SignedVariant, fileName: string | undefined): string {
  if ((PREVIEW_VARIANTS as readonly string[]).includes(variant))
    return create(`${photoId}-${variant}.jpg`, { type: 'inline' });
  return create(safeName(fileName ?? '') || `${photoId}-${variant}`, { type: 'attachment' });
}

/** Returns the name without paths, control characters, and reversed text that shows `gpj.exe` as `exe.jpg`. */
export const safeName = (name: string): string =>
  name
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .replaceAll(/[/\\]/g, '_')
    .trim();
