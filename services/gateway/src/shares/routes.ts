import type { CopiesApi, SharesApi } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { type Logger, methodNotAllowed, type ShareSigning, setRoute } from '@lazyphotos/service-kit';
import type { Request, Response, Router } from 'express';
import type { Limits } from '../limits/limiter.js';
import { isGone } from '../media/serve.js';
import { createSendArchive } from './archive.js';
import { createServeShareMedia } from './media.js';
import { mountSharePages } from './page/routes.js';
import { createFindSharedObject } from './shared-object.js';

export interface ShareRoutesDeps {
  store: ObjectStore;
  shares: SharesApi;
  copies: CopiesApi;
  signing: ShareSigning;
  limits: Limits;
  logger: Logger;
  now: () => Date;
  /** How long a client of an archive may take no byte, in milliseconds. */
  archiveStallMs: number;
}

const MEDIA_PATH = '/s/:token/media/:handle';
const ARCHIVE_PATH = '/s/:token/archive';

/** What visitors of a share link get from the gateway itself: pictures, and all of them as a ZIP. */
export function mountShares(router: Router, deps: ShareRoutesDeps): void {
  const { store, shares, copies, signing, limits, logger, now, archiveStallMs } = deps;
  const findObject = createFindSharedObject(store, copies);
  const serveMedia = createServeShareMedia({ store, signing, findObject, now });
  const sendArchive = createSendArchive({ shares, signing, store, findObject, stallMs: archiveStallMs });

  const respond =
    (route: string, work: (req: Request, res: Response) => Promise<void>) =>
    (req: Request, res: Response, next: (error: unknown) => void): void => {
      setRoute(req, route);
      // Links are for those who were sent them.
      res.setHeader('X-Robots-Tag', 'noindex');
      work(req, res).catch((error: unknown) => (isGone(error) ? res.destroy() : next(error)));
    };
  router.get(MEDIA_PATH, respond('/s/{token}/media/{handle}', serveMedia));
  router.get(ARCHIVE_PATH, limits.anonymous, respond('/s/{token}/archive', sendArchive));
  router.all([MEDIA_PATH, ARCHIVE_PATH], methodNotAllowed(['GET']));
  mountSharePages(router, { shares, signing, limits, logger });
}
