import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import {
  type Chassis,
  describeError,
  type MediaLocation,
  type MediaUrls,
  reportRequest,
  requestIdOf,
  setRoute,
} from '@lazyphotos/service-kit';
import type { Pictures } from './pictures.js';
import type { CachedPreview } from './preview-cache.js';
import { keyOf, MEDIA_ROUTE } from './routes.js';
import { cacheControlFor, dispositionOf, secondsLeft, servePreview } from './serve-object.js';

export interface MemoryFirstDeps {
  chassis: Chassis;
  pictures: Pictures;
  mediaUrls: MediaUrls;
  now: () => Date;
  /** The names and values of headers that every response has. */
  headers: readonly (readonly [string, string])[];
  /** Handles all other requests. */
  application: RequestListener;
}

/** The URL of a preview exactly as it is signed. */
const PREVIEW_URL =
  /^(\/media\/[0-9a-f-]{36}\/[0-9a-f-]{36}\/(?:thumb|medium))\?exp=(\d{1,12})&sig=([\w-]{1,100})$/;

/**
 * Responds to requests for previews in memory before the application sees them, since its routing costs several times what such a
 * picture does. Signature, expiry and version are checked all the same. Whatever is not a success is left to the application as if
 * nothing had been tried: a wrong signature, a purged preview, a store that fails; also ranges, which can be refused.
 */
export function memoryFirst(deps: MemoryFirstDeps): RequestListener {
  const { chassis, pictures, mediaUrls, now, application } = deps;
  const fixedHeaders = deps.headers.flat();

  function locationOf({ method, url = '', headers }: IncomingMessage): MediaLocation | undefined {
    if ((method !== 'GET' && method !== 'HEAD') || headers.range !== undefined) return undefined;
    const [, path, expires, signature] = PREVIEW_URL.exec(url) ?? [];
    return path === undefined ? undefined : mediaUrls.verify(path, expires, signature);
  }

  function respond(
    req: IncomingMessage,
    res: ServerResponse,
    location: MediaLocation,
    preview: CachedPreview,
  ): void {
    const requestId = requestIdOf(req);
    setRoute(req, MEDIA_ROUTE);
    reportRequest(chassis, requestId, res);
    servePreview(req, res, preview, {
      cacheControl: cacheControlFor(secondsLeft(location, now())),
      disposition: dispositionOf(location.photoId, location.variant, undefined),
      headers: [...fixedHeaders, 'X-Request-Id', requestId],
    });
  }

  async function respondOnceChecked(
    req: IncomingMessage,
    res: ServerResponse,
    location: MediaLocation,
    checked: Promise<CachedPreview | undefined>,
  ): Promise<void> {
    const preview = await checked.catch(() => undefined);
    if (preview) respond(req, res, location, preview);
    else application(req, res);
  }

  return (req, res) => {
    const location = locationOf(req);
    const known = location && pictures.currentInMemory(keyOf(location));
    if (!known) return application(req, res);
    if (!(known instanceof Promise)) return respond(req, res, location, known);
    respondOnceChecked(req, res, location, known).catch((error: unknown) => {
      chassis.logger.error('request failed', { error: describeError(error) });
      res.destroy();
    });
  };
}
