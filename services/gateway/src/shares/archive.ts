import type { ShareContent, SharedLink, SharesApi } from '@lazyphotos/contracts';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { ProblemError, type ShareMedia, type ShareSigning } from '@lazyphotos/service-kit';
import { create } from 'content-disposition';
import type { Request, Response } from 'express';
import pRetry from 'p-retry';
import { openWhole } from '../media/serve.js';
import { createEntryNames } from './entry-names.js';
import { entryTime } from './entry-time.js';
import type { FindSharedObject } from './shared-object.js';
import { type SharedOriginal, sharedOriginals } from './shared-photos.js';
import { unlockTokenOf } from './unlock-token.js';
import { sendZip, type ZipWriter } from './zip.js';

/** How many archives one process sends at a time; each takes one connection to the store and some buffers. */
const MAX_ARCHIVES = 16;
/** Photos whose URLs are fetched at a time. */
const PAGE = 100;
/** The media worker may have a queue; it is asked again for half a minute. */
const COPY_RETRIES = { retries: 5, minTimeout: 1000, maxTimeout: 10_000 };

export interface ArchiveDeps {
  shares: SharesApi;
  signing: ShareSigning;
  store: ObjectStore;
  findObject: FindSharedObject;
}

const reasons: Record<string, string> = {
  not_found: 'it was deleted while the archive was made',
  copy_unsupported: 'its owner or location cannot be removed from a file of this format',
  service_unavailable:
    'a copy of it without its owner or location could not be made in time; try again later',
};

const codeOf = (error: unknown): string | undefined =>
  error instanceof ProblemError ? error.code : undefined;

const archiveName = ({ title, albumName, kind }: SharedLink, photos: ShareContent['photos']): string => {
  const ofPhoto = kind === 'photo' ? photos[0]?.fileName.replace(/\.[^.]*$/, '') : undefined;
  return `${title ?? albumName ?? (ofPhoto || 'photos')}.zip`;
};

/** What the archive lacks, for people to read; Windows still likes its own line ends. */
const missingText = (missing: readonly { name: string; reason: string }[]): string =>
  [
    'These photos are not in this archive:',
    '',
    ...missing.map(({ name, reason }) => `${name}: ${reason}.`),
    '',
  ].join('\r\n');

/** Sends all originals of a link as one ZIP. */
export function createSendArchive({ shares, signing, store, findObject }: ArchiveDeps) {
  let sending = 0;

  const open = (token: string, url: string): ShareMedia | undefined =>
    signing.openMedia(token, url.slice(url.lastIndexOf('/') + 1));

  const keyOf = (media: ShareMedia, isGone: () => boolean): Promise<string> =>
    pRetry(() => findObject(media), {
      ...COPY_RETRIES,
      shouldRetry: ({ error }) => !isGone() && codeOf(error) === 'service_unavailable',
    });

  /** Returns why a photo is left out; undefined when it was written. A failure of the store ends the whole archive. */
  const addPhoto = async (
    zip: ZipWriter,
    nameFor: (fileName: string) => string,
    { photo, media }: SharedOriginal,
    isGone: () => boolean,
  ): Promise<string | undefined> => {
    const opened = await keyOf(media, isGone)
      .then((key) => openWhole(store, key))
      .catch((error: unknown) => {
        const reason = reasons[codeOf(error) ?? ''];
        if (reason === undefined) throw error;
        return reason;
      });
    if (typeof opened === 'string') return opened;
    const { body, info } = opened;
    const time = entryTime(photo, info.lastModified);
    await zip.add(nameFor(photo.fileName), body, { size: info.size, time });
    return undefined;
  };

  const write = async (zip: ZipWriter, photos: AsyncIterable<SharedOriginal>, isGone: () => boolean) => {
    const nameFor = createEntryNames();
    const missing: { name: string; reason: string }[] = [];
    for await (const shared of photos) {
      const reason = await addPhoto(zip, nameFor, shared, isGone);
      if (reason !== undefined) missing.push({ name: shared.photo.fileName, reason });
    }
    if (missing.length > 0) zip.addText(nameFor('not-included.txt'), missingText(missing));
  };

  const send = async (req: Request, res: Response): Promise<void> => {
    const { token = '' } = req.params as Record<string, string>;
    const unlockToken = unlockTokenOf(req);
    const readPage = (cursor: string | undefined) =>
      shares.view({ token, unlockToken, cursor, limit: PAGE, counted: false });
    const first = await readPage(undefined);
    if (!first.link.allowDownload)
      throw new ProblemError('downloads_not_allowed', 'Its owner lets visitors look only.');
    res.setHeader('Content-Type', 'application/zip');
    res.setHeader('Content-Disposition', create(archiveName(first.link, first.photos)));
    res.setHeader('Cache-Control', 'private, no-store');
    if (req.method === 'HEAD') {
      res.end();
      return;
    }
    const photos = sharedOriginals(first, readPage, (url) => open(token, url));
    await sendZip(res, (zip) => write(zip, photos, () => res.destroyed));
  };

  return async (req: Request, res: Response): Promise<void> => {
    if (sending >= MAX_ARCHIVES)
      throw new ProblemError('service_unavailable', 'Too many archives are being downloaded.', {
        headers: { 'Retry-After': '30' },
      });
    sending += 1;
    try {
      await send(req, res);
    } finally {
      sending -= 1;
    }
  };
}
