import type { ShareContent, SharedLink, SharesApi } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { ProblemError, type ShareMedia, type ShareSigning } from '@lazyphotos/service-kit';
import { create } from 'content-disposition';
import type { Request, Response } from 'express';
import pRetry from 'p-retry';
import { clientKey } from '../limits.js';
import { orNotFound } from '../media/pictures.js';
import { cutStalledReader } from '../media/serve-object.js';
import { createEntryNames, entryTime, type SharedOriginal, sharedOriginals } from './archive-entries.js';
import { type FindSharedObject, unlockTokenOf } from './media.js';
import { sendZip, type ZipWriter } from './zip.js';

/** Photos whose URLs are fetched at a time. */
const PAGE = 100;
/** The media worker may have a queue; it is asked again for half a minute. */
const COPY_RETRIES = { retries: 5, minTimeout: 1000, maxTimeout: 10_000 };
/** How many archives one process sends at a time; each takes one connection to the store and some buffers. */
const MAX_ARCHIVES = 16;
const MAX_PER_LINK = 8;
const MAX_PER_CLIENT = 3;
const RETRY_AFTER = { headers: { 'Retry-After': '30' } };
/** Why a photo is not in the archive, by the code of the problem. */
const REASONS: Record<string, string> = {
  not_found: 'it was deleted while the archive was made',
  copy_unsupported: 'its owner or location cannot be removed from a file of this format',
  service_unavailable:
    'a copy of it without its owner or location could not be made in time; try again later',
};

export interface ArchiveDeps {
  shares: SharesApi;
  signing: ShareSigning;
  store: ObjectStore;
  findObject: FindSharedObject;
  /** How long a client may take no byte, in milliseconds. */
  stallMs: number;
}

/** Sends all originals of a link as one ZIP. Limits the archives that are sent at a time, in all and by link and client. */
export class ArchiveSender {
  readonly #deps: ArchiveDeps;
  /** The link and the client of each archive that is being sent. */
  readonly #inProgress = new Set<{ token: string; client: string }>();

  constructor(deps: ArchiveDeps) {
    this.#deps = deps;
  }

  /** @throws ProblemError `rate_limited` when the client has too many archives, `service_unavailable` when the link or the process has */
  async send(req: Request, res: Response): Promise<void> {
    const archive = { token: String(req.params.token), client: clientKey(req.ip) };
    this.#requireSlot(archive);
    this.#inProgress.add(archive);
    try {
      await this.#sendArchive(req, res, archive.token);
    } finally {
      this.#inProgress.delete(archive);
    }
  }

  #requireSlot({ token, client }: { token: string; client: string }): void {
    const archives = [...this.#inProgress];
    if (archives.filter((other) => other.client === client).length >= MAX_PER_CLIENT)
      throw new ProblemError('rate_limited', 'You are downloading several archives already.', RETRY_AFTER);
    const ofLink = archives.filter((other) => other.token === token).length;
    if (archives.length >= MAX_ARCHIVES || ofLink >= MAX_PER_LINK)
      throw new ProblemError('service_unavailable', 'Too many archives are being downloaded.', RETRY_AFTER);
  }

  async #sendArchive(req: Request, res: Response, token: string): Promise<void> {
    const { shares, signing, stallMs } = this.#deps;
    const unlockToken = unlockTokenOf(req);
    const readPage = (cursor: string | undefined) =>
      shares.view({ token, unlockToken, cursor, limit: PAGE, counted: false });
    const first = await readPage(undefined);
    if (!first.link.allowDownload)
      throw new ProblemError('downloads_not_allowed', 'The owner lets visitors only look at the photos.');
    res.setHeader('Content-Type', 'application/zip');
    res.setHeader('Content-Disposition', create(archiveName(first.link, first.photos)));
    res.setHeader('Cache-Control', 'private, no-store');
    if (req.method === 'HEAD') {
      res.end();
      return;
    }
    cutStalledReader(res, stallMs);
    const photos = sharedOriginals(first, readPage, (url) =>
      signing.openMedia(token, url.slice(url.lastIndexOf('/') + 1)),
    );
    await sendZip(res, (zip) => this.#writePhotos(zip, photos, res));
  }

  async #writePhotos(zip: ZipWriter, photos: AsyncIterable<SharedOriginal>, res: Response): Promise<void> {
    const nameFor = createEntryNames();
    const missing: string[] = [];
    for await (const { photo, media } of photos) {
      const opened = await this.#open(media, res);
      if ('reason' in opened) {
        missing.push(`${photo.fileName}: ${opened.reason}.`);
        continue;
      }
      const { body, info } = opened;
      const time = entryTime(photo, info.lastModified);
      await zip.add(nameFor(photo.fileName), body, { size: info.size, time });
    }
    if (missing.length === 0) return;
    // The line ends are those of Windows, which all systems can read.
    const text = ['These photos are not in this archive:', '', ...missing, ''].join('\r\n');
    zip.addText(nameFor('not-included.txt'), text);
  }

  /** Opens a photo, or returns the reason why it is left out. Any other failure ends the whole archive. */
  async #open(media: ShareMedia, res: Response) {
    try {
      const key = await pRetry(() => this.#deps.findObject(media), {
        ...COPY_RETRIES,
        shouldRetry: ({ error }) => !res.destroyed && codeOf(error) === 'service_unavailable',
      });
      return await orNotFound(this.#deps.store.get(key));
    } catch (error) {
      const reason = REASONS[codeOf(error) ?? ''];
      if (reason === undefined) throw error;
      return { reason };
    }
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof ProblemError ? error.code : undefined;

const archiveName = ({ title, albumName, kind }: SharedLink, photos: ShareContent['photos']): string => {
  const ofPhoto = kind === 'photo' ? photos[0]?.fileName.replace(/\.[^.]*$/, '') : undefined;
  return `${title ?? albumName ?? (ofPhoto || 'photos')}.zip`;
};
