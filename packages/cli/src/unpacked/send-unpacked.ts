import { type Client, sleep } from '@lazyphotos/client';
import { type PhotoFacts, dateOf, fileNameOf } from '@lazyphotos/import-engine';
import type { Context } from '../context.js';
import { CliError, type ErrorReport, reportOf } from '../errors.js';
import { readablePath } from '../local-path.js';
import type { HashCache } from '../upload/hash-cache.js';
import { sendFiles } from '../upload/send-files.js';
import { type Announcement, type UploadedFile, announcedName } from '../upload/upload-file.js';
import type { Account } from './account.js';
import { createAlbumFiller } from './albums.js';
import { UNKNOWN_PAUSES_MS, createDescriber, updateOf } from './describe.js';
import type { ExportedPhoto, UnpackedPlan } from './plan.js';
import { factsOf } from './sidecars.js';

export interface SendUnpackedOptions {
  concurrency: number;
  restore: boolean;
  cache: HashCache;
  deviceId: string | undefined;
}

/** What was done besides the outcomes in the account. */
export interface SentUnpacked {
  importedBytes: number;
  described: number;
  trashed: number;
  albums: number;
  inTrash: number;
  deleted: number;
  /** Photos that are in the library, but not all that is known of them. */
  problems: (ErrorReport & { path: string })[];
  /** Why it ended early; undefined when it did not. */
  stoppedBy: unknown;
}

/**
 * Photos with a sidecar come first: of a photo that is there twice, the copy that knows its date should be the one that is sent. What is in
 * the trash comes last, because a photo that is also elsewhere does not belong there.
 */
const groupsOf = ({ photos }: UnpackedPlan): ExportedPhoto[][] => {
  const kept = photos.filter(({ isTrashed }) => !isTrashed);
  const isDescribed = ({ sidecars }: ExportedPhoto) => sidecars.json !== undefined;
  return [
    kept.filter(isDescribed),
    kept.filter((photo) => !isDescribed(photo)),
    photos.filter(({ isTrashed }) => isTrashed),
  ];
};

/** Uploads the photos of an export, and adds what is known of them to those that are new and to those that were there. */
export async function sendUnpacked(
  context: Context,
  plan: UnpackedPlan,
  account: Account,
  options: SendUnpackedOptions,
): Promise<SentUnpacked> {
  const { client, signal } = context;
  const followUp = createFollowUp(client, signal, account);
  /** Of the photos that are on their way. */
  const facts = new Map<ExportedPhoto, PhotoFacts | undefined>();
  const result = await sendFiles(context, groupsOf(plan), {
    ...options,
    announce: async (photo) => {
      facts.set(photo, await factsOf(photo.sidecars));
      const announcement = announcementOf(photo, facts.get(photo));
      account.announced(photo, announcement);
      return announcement;
    },
    onDone: async (photo, uploaded) => {
      await followUp.add(photo, uploaded, facts.get(photo));
      facts.delete(photo);
    },
    onFailed: (photo, error) => {
      facts.delete(photo);
      if (account.isSettled(photo)) followUp.fail(photo, error);
      else account.fail(photo, reportOf(error));
    },
  });
  return followUp.finish(result.stoppedBy);
}

/** What is done with photos once the node has them. */
function createFollowUp(client: Client, signal: AbortSignal, account: Account) {
  const describer = createDescriber(client, signal);
  const albums = createAlbumFiller(client);
  const trash = createTrash(client);
  const { problems } = describer;
  const counts = { importedBytes: 0, inTrash: 0, deleted: 0 };

  const count = (photo: ExportedPhoto, { outcome, photoId }: UploadedFile): void => {
    const isNew = outcome === 'uploaded' || outcome === 'restored';
    if (isNew) counts.importedBytes += photo.sizeBytes;
    if (outcome === 'inTrash' || outcome === 'deleted') counts[outcome] += 1;
    if (isNew && photoId !== undefined) albums.brought(photoId);
    if (photo.isTrashed && isNew && photoId !== undefined) trash.expect(photoId);
  };
  /** Resolves to why the run ended early, if it did. */
  const complete = async (stoppedBy: unknown): Promise<unknown> => {
    let reason = stoppedBy;
    try {
      if (reason === undefined) await describer.finish();
    } catch (error) {
      reason = error;
    }
    try {
      await (reason === undefined ? albums.finish() : albums.finishEarly());
    } catch (error) {
      reason ??= error;
    }
    return reason;
  };

  return {
    add: async (
      photo: ExportedPhoto,
      uploaded: UploadedFile,
      facts: PhotoFacts | undefined,
    ): Promise<void> => {
      const { outcome, photoId } = uploaded;
      if (!account.isSettled(photo)) count(photo, uploaded);
      account.settle(photo, uploaded);
      if (photoId === undefined || outcome === 'deleted') return;
      await trash.move(photoId);
      if (photo.folder.kind === 'album') albums.add(photo.folder, photoId);
      const update = updateOf(photoId, photo, facts);
      if (update !== undefined) await describer.add(readablePath(photo.path), update);
    },
    /** The photo is in the library; something afterwards has failed for good. */
    fail: ({ path }: ExportedPhoto, error: unknown): void =>
      void problems.push({ path: readablePath(path), ...reportOf(error) }),
    finish: async (stoppedBy: unknown): Promise<SentUnpacked> => {
      const reason = await complete(stoppedBy);
      return {
        ...counts,
        described: describer.described,
        trashed: trash.moved,
        albums: albums.filled,
        problems,
        stoppedBy: reason,
      };
    },
  };
}

function announcementOf(photo: ExportedPhoto, facts: PhotoFacts | undefined): Announcement {
  const { name, folder, rule, path } = photo;
  const fileName = fileNameOf(name, facts, rule);
  const date = dateOf({ facts, fileName, folder, now: new Date() });
  return {
    fileName: announcedName(fileName) ?? announcedName(path),
    ...(date && { capturedAt: date.capturedAt, capturedAtSource: date.source }),
    ...(facts?.location && { locationLat: facts.location.lat, locationLon: facts.location.lon }),
  };
}

/** Moves photos to the trash that lay in the trash of the export. */
export interface Trash {
  /** This run has brought the photo, so it may be moved: one that was here before stays where its owner has put it. */
  expect(photoId: string): void;
  /** Moves the photo if that is expected and has not been done. */
  move(photoId: string): Promise<void>;
  readonly moved: number;
}

/**
 * Each photo is moved right after its upload, and Ctrl-C does not stop that: the next run could not tell it from a photo that its owner
 * has brought back.
 */
export function createTrash(client: Client): Trash {
  const expected = new Set<string>();
  let moved = 0;
  const tryMove = async (id: string): Promise<boolean> => {
    const { results } = await client.deletePhotos({ body: { ids: [id] } });
    return results[0]?.status === 'ok';
  };
  return {
    get moved() {
      return moved;
    },
    expect: (photoId) => void expected.add(photoId),
    move: async (photoId) => {
      if (!expected.has(photoId)) return;
      for (const pause of UNKNOWN_PAUSES_MS) {
        if (await tryMove(photoId)) {
          expected.delete(photoId);
          moved += 1;
          return;
        }
        // The node may hear of a photo a little later than its upload ends.
        await sleep(pause);
      }
      throw new CliError('not_found', 'the node does not know this photo; it was not moved to the trash');
    },
  };
}
