import { randomBytes } from 'node:crypto';
import { type SharesApi, shareToken } from '@lazyphotos/contracts';
import { translateDatabaseError } from '@lazyphotos/database';
import {
  describeError,
  type Logger,
  methodNotAllowed,
  notFound,
  ProblemError,
  type ShareSigning,
  setRoute,
  toProblem,
} from '@lazyphotos/service-kit';
import compression from 'compression';
import {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
  urlencoded,
} from 'express';
import type { Limits } from '../../limits.js';
import { languageOf, sendPage } from '../../pages/page.js';
import type { Traffic } from '../../traffic/traffic.js';
import { keepUnlock, unlockTokenOf } from '../media.js';
import { type PageScript, pageScript, type ShareAddresses, shareAddresses } from './addresses.js';
import {
  busyNotice,
  goneNotice,
  type Notice,
  noticePage,
  sharePage,
  slowDownNotice,
  type UnlockFault,
  unlockForm,
} from './page.js';

export interface SharePageDeps {
  shares: SharesApi;
  signing: ShareSigning;
  limits: Limits;
  traffic: Traffic;
  logger: Logger;
}

const PAGE_PATH = '/s/:token';
const UNLOCK_PATH = '/s/:token/unlock';
/** Photos on a page. A page has less than 50 kB before compression, with any texts. */
const PHOTOS = 24;
const LONGEST_PASSWORD = 1000;
/** The size of a form with a password of that length, percent-encoded. */
const FORM_BYTES = LONGEST_PASSWORD * 12 + 100;

const A_YEAR = 'public, max-age=31536000, immutable';
/** For what a password protects: no cache keeps it. */
const NO_STORE = 'private, no-store';
/** Going back to an open link shows it at once. A revoked one is gone from the browser after a minute; shared caches never have it. */
const A_MINUTE = 'private, max-age=60';

/** Mounts the page of a share link, for browsers, with the form for its password and its script. */
export function mountSharePages(router: Router, deps: SharePageDeps): void {
  const { limits, signing } = deps;
  const script = pageScript();
  const showRefusal = refusalHandler(deps.logger);
  const showTooManyAttempts: ErrorRequestHandler = (error, req, res, next) => {
    if (codeOf(error) !== 'rate_limited') return next(error);
    setRetryAfter(res, error);
    sendForm(req, res, shareAddresses(tokenOf(req), signing), 429, 'tooManyAttempts');
  };

  router.get(
    PAGE_PATH,
    atRoute('/s/{token}'),
    compression(),
    limits.anonymous,
    (req: Request, res: Response) => showShare(deps, script, req, res),
    showRefusal,
  );
  router.post(
    UNLOCK_PATH,
    atRoute('/s/{token}/unlock'),
    limits.anonymous,
    deps.traffic.admitBody,
    urlencoded({ extended: false, limit: FORM_BYTES }),
    // An attempt counts once its body is there: slow forms must not use up the attempts of an address or a link.
    limits.signIn,
    limits.unlock,
    (req: Request, res: Response) => unlockShare(deps, req, res),
    showTooManyAttempts,
    showRefusal,
  );
  router.get(script.path, compression(), (req, res) => {
    setRoute(req, '/assets');
    res.setHeader('Cache-Control', A_YEAR);
    res.type('text/javascript').send(script.code);
  });
  router.all([PAGE_PATH, script.path], methodNotAllowed(['GET']));
  router.all(UNLOCK_PATH, methodNotAllowed(['POST']));
}

/** Shows the list, one photo on its own page, or the form for the password; or redirects to an original. */
async function showShare(
  { shares, signing }: SharePageDeps,
  script: PageScript,
  req: Request,
  res: Response,
): Promise<void> {
  const token = tokenOf(req);
  const [cursor, photoId] = [parameter(req.query.cursor), parameter(req.query.photo)];
  const address = shareAddresses(token, signing);
  const counted = isByVisitor(req) && photoId === undefined;
  const content = await shares
    .view({ token, unlockToken: unlockTokenOf(req), cursor, limit: PHOTOS, counted })
    .catch((error: unknown) => {
      if (codeOf(error) === 'share_password_required') return undefined;
      throw error;
    });
  if (!content) return sendForm(req, res, address, 200);
  const { link, photos } = content;
  const photo = link.kind === 'photo' ? photos[0] : photos.find(({ id }) => id === photoId);
  // The photo has left the album, or moved to another page of the list since the visitor got its address.
  if (!photo && photoId !== undefined) return redirect(res, 303, address.page);
  if (photo && photoId !== undefined && req.query.download !== undefined) {
    if (photo.originalUrl === undefined) throw new ProblemError('downloads_not_allowed');
    return redirect(res, 302, address.ofMedia(photo.originalUrl));
  }
  const nonce = randomBytes(16).toString('base64');
  const view = { content, cursor, address, language: languageOf(req) };
  sendPage(res, sharePage(view, photo, { script, nonce }), {
    cacheControl: link.hasPassword ? NO_STORE : A_MINUTE,
  });
}

/**
 * Takes the password from the form. It needs no token against cross-site requests: another site that sent the form could only
 * unlock, in the visitor's browser, a link whose password it knows.
 */
async function unlockShare({ shares, signing }: SharePageDeps, req: Request, res: Response): Promise<void> {
  const token = tokenOf(req);
  const address = shareAddresses(token, signing);
  const password = parameter(req.body?.password);
  if (!password) return sendForm(req, res, address, 400, 'passwordMissing');
  if (password.length > LONGEST_PASSWORD) return sendForm(req, res, address, 403, 'wrongPassword');
  try {
    const { page: path, isHttps } = address;
    keepUnlock(res, await shares.unlock(token, password), { path, isHttps });
  } catch (error) {
    if (codeOf(error) !== 'wrong_share_password') throw error;
    return sendForm(req, res, address, 403, 'wrongPassword');
  }
  redirect(res, 303, address.page);
}

/** Shows refusals as pages. A cursor that is not valid gets the same page as an unknown link. */
function refusalHandler(logger: Logger): ErrorRequestHandler {
  return (error, req, res, next) => {
    const problem = toProblem(error, [translateDatabaseError]);
    const language = languageOf(req);
    switch (problem.code) {
      case 'not_found':
      case 'invalid_cursor':
        return sendNotice(req, res, goneNotice(language), 404);
      case 'rate_limited':
        setRetryAfter(res, problem);
        return sendNotice(req, res, slowDownNotice(language), 429);
      case 'service_unavailable':
        logger.warn('request failed', { code: problem.code, error: describeError(error) });
        setRetryAfter(res, problem);
        return sendNotice(req, res, busyNotice(language), 503);
      default:
        return next(error);
    }
  };
}

function sendNotice(req: Request, res: Response, notice: Notice, status: number): void {
  sendPage(res, noticePage(notice, languageOf(req)), { status, cacheControl: NO_STORE });
}

const sendForm = (
  req: Request,
  res: Response,
  address: ShareAddresses,
  status: number,
  fault?: UnlockFault,
): void => sendNotice(req, res, unlockForm(address.unlock, languageOf(req), fault), status);

/** Redirects to an address of this node or its store; no part of it comes from the request. */
function redirect(res: Response, status: 302 | 303, location: string): void {
  res.setHeader('Cache-Control', NO_STORE);
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.status(status).setHeader('Location', location).end();
}

function setRetryAfter(res: Response, { more }: ProblemError): void {
  const seconds = more.headers?.['Retry-After'];
  if (seconds !== undefined) res.setHeader('Retry-After', seconds);
}

const atRoute =
  (route: string): RequestHandler =>
  (req, _res, next) => {
    setRoute(req, route);
    next();
  };

/** @throws ProblemError `not_found` */
function tokenOf(req: Request): string {
  const token = shareToken.safeParse(req.params.token);
  if (!token.success) throw notFound('link');
  return token.data;
}

/** Returns a parameter that is given once. Repeated and nested ones count as absent. */
const parameter = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The script requests pages that the visitor has seen already, to renew the URLs of their pictures. That is not a new view. */
const isByVisitor = (req: Request): boolean =>
  req.method === 'GET' && req.get('x-requested-with') === undefined;

const codeOf = (error: unknown): string | undefined =>
  error instanceof ProblemError ? error.code : undefined;
