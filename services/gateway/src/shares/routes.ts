import type { CopiesApi, SharesApi } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import {
  type Logger,
  methodNotAllowed,
  type ShareMedia,
  type ShareSigning,
  setRoute,
} from '@lazyphotos/service-kit';
import type { Request, Response, Router } from 'express';
import type { Limits } from '../limits.js';
import type { LostPreviewReporter } from '../media/lost-preview-reporter.js';
import type { Pictures } from '../media/pictures.js';
import { isDisconnected } from '../media/serve-object.js';
import type { Traffic } from '../traffic/traffic.js';
import { ArchiveSender } from './archive.js';
import { findSharedObject, serveShareMedia } from './media.js';
import { mountSharePages } from './page/routes.js';

export interface ShareRoutesDeps {
  store: ObjectStore;
  pictures: Pictures;
  shares: SharesApi;
  copies: CopiesApi;
  lostPreviewReporter: LostPreviewReporter;
  signing: ShareSigning;
  limits: Limits;
  traffic: Traffic;
  logger: Logger;
  now: () => Date;
  /** How long a client may take no byte of a picture or an archive, in milliseconds. */
  stallMs: number;
}

const MEDIA_PATH = '/s/:token/media/:handle';
const ARCHIVE_PATH = '/s/:token/archive';

/** Mounts what the gateway serves to visitors of a share link: its pages, its pictures, and all of them as a ZIP. */
export function mountShares(router: Router, deps: ShareRoutesDeps): void {
  const { store, limits, copies } = deps;
  const findObject = (media: ShareMedia) => findSharedObject(store, copies, media);
  const mediaDeps = { ...deps, findObject };
  const archives = new ArchiveSender({ ...deps, findObject });

  const respond =
    (route: string, work: (req: Request, res: Response) => Promise<void>) =>
    (req: Request, res: Response, next: (error: unknown) => void): void => {
      setRoute(req, route);
      // Links are for the people who received them, not for search engines.
      res.setHeader('X-Robots-Tag', 'noindex');
      work(req, res).catch((error: unknown) => (isDisconnected(error) ? res.destroy() : next(error)));
    };
  router.get(
    MEDIA_PATH,
    respond('/s/{token}/media/{handle}', (req, res) => serveShareMedia(mediaDeps, req, res)),
  );
  router.get(
    ARCHIVE_PATH,
    limits.anonymous,
    respond('/s/{token}/archive', (req, res) => archives.send(req, res)),
  );
  router.all([MEDIA_PATH, ARCHIVE_PATH], methodNotAllowed(['GET']));
  mountSharePages(router, deps);
}
