import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ByteRange, ObjectInfo } from '@lazyphotos/object-storage';
import type { SignedVariant } from '@lazyphotos/service-kit';
import { create } from 'content-disposition';
import fresh from 'fresh';
import { type FoundObject, isPreview } from './pictures.js';
import type { CachedPreview } from './preview-cache.js';
import { etagOf, wantedRange } from './ranges.js';

/** What a response says about an object besides what the store knows. */
export interface HeaderTexts {
  cacheControl: string;
  disposition: string;
  /** Names and values of further headers, one after the other. */
  headers?: readonly string[];
}

export interface Presentation extends HeaderTexts {
  /** How long a client may take no byte of an object that is streamed, in milliseconds. */
  stallMs: number;
}

/** Responds with an object, or with the part of it that the client asks for. @throws ProblemError `not_found`, `range_not_satisfiable` */
export async function serveObject(
  req: IncomingMessage,
  res: ServerResponse,
  object: FoundObject,
  presentation: Presentation,
): Promise<void> {
  try {
    await sendObject(req, res, object, presentation);
  } finally {
    object.close();
  }
}

async function sendObject(
  req: IncomingMessage,
  res: ServerResponse,
  object: FoundObject,
  presentation: Presentation,
): Promise<void> {
  const { info } = object;
  if (isFresh(req, info)) {
    sendNotModified(res, info, presentation);
    return;
  }
  const range = wantedRange(req, info);
  // Opened before the first header is set: a problem must not be sent with the headers of a picture.
  const body = req.method === 'HEAD' ? undefined : await object.read(range);
  if (res.destroyed) {
    if (body && !Buffer.isBuffer(body)) body.destroy();
    return;
  }
  res.writeHead(range ? 206 : 200, [...headersOf(info, presentation), ...lengthOf(info, range)]);
  if (body === undefined || Buffer.isBuffer(body)) res.end(body);
  else {
    cutStalledReader(res, presentation.stallMs);
    await pipeline(body, res);
  }
}

/**
 * Closes the connection of a client that has taken no byte of the response for `stallMs`. The socket's timer starts again whenever
 * the kernel has taken bytes (`net.Socket` compares `writeQueueSize`), so a slow client is not affected. If nothing waits to be
 * written, the delay is on this side, and the connection stays open.
 */
export function cutStalledReader(res: ServerResponse, stallMs: number): void {
  res.setTimeout(stallMs, () => {
    if ((res.socket?.writableLength ?? 0) > 0) res.destroy();
  });
}

/** Responds with a preview in memory, to a request without a range. */
export function servePreview(
  req: IncomingMessage,
  res: ServerResponse,
  { info, bytes }: CachedPreview,
  presentation: HeaderTexts,
): void {
  if (isFresh(req, info)) {
    sendNotModified(res, info, presentation);
    return;
  }
  res.writeHead(200, [...headersOf(info, presentation), ...lengthOf(info, undefined)]);
  res.end(req.method === 'HEAD' ? undefined : bytes);
}

function sendNotModified(res: ServerResponse, info: ObjectInfo, presentation: HeaderTexts): void {
  res.writeHead(304, headersOf(info, presentation)).end();
}

/**
 * Whether the client's copy is current. The Cache-Control of the request is left out: it is meant for caches on the way, and HTTP
 * clients add `no-cache` when a program sets If-None-Match.
 */
function isFresh({ headers }: IncomingMessage, info: ObjectInfo): boolean {
  const { 'if-none-match': noneMatch, 'if-modified-since': modifiedSince } = headers;
  if (noneMatch === undefined && modifiedSince === undefined) return false;
  return fresh(
    { 'if-none-match': noneMatch, 'if-modified-since': modifiedSince },
    { etag: etagOf(info), 'last-modified': info.lastModified.toUTCString() },
  );
}

const headersOf = (info: ObjectInfo, { cacheControl, disposition, headers = [] }: HeaderTexts): string[] => [
  ...headers,
  'ETag',
  etagOf(info),
  'Last-Modified',
  info.lastModified.toUTCString(),
  'Accept-Ranges',
  'bytes',
  'Content-Type',
  info.contentType,
  'Content-Disposition',
  disposition,
  'Cache-Control',
  cacheControl,
];

function lengthOf({ size }: ObjectInfo, range: ByteRange | undefined): string[] {
  if (!range) return ['Content-Length', String(size)];
  const { start, end } = range;
  return ['Content-Length', String(end - start + 1), 'Content-Range', `bytes ${start}-${end}/${size}`];
}

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
  if (isPreview(variant)) return create(`${photoId}-${variant}.jpg`, { type: 'inline' });
  return create(safeName(fileName ?? '') || `${photoId}-${variant}`, { type: 'attachment' });
}

/** Returns the name without paths, control characters, and reversed text that shows `gpj.exe` as `exe.jpg`. */
export const safeName = (name: string): string =>
  name
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .replaceAll(/[/\\]/g, '_')
    .trim();
