import { type Client, sleep } from '@lazyphotos/client';
import { dateOf, fileNameOf, type PhotoFacts } from '@lazyphotos/import-engine';
import type { Context } from '../context.js';
import { CliError, reportOf } from '../errors.js';
import { readablePath } from '../local-path.js';
import type { HashCache } from '../upload/hash-cache.js';
import { type FailedFile, failedFile, sendFiles } from '../upload/send-files.js';
import { type Announcement, announcedName, type UploadedFile } from '../upload/upload-file.js';
import { type Account, isNew } from './account.js';
import { AlbumFiller } from './albums.js';
import { Describer, UNKNOWN_PAUSES_MS, updateOf } from './describe.js';
import type { ExportedPhoto, UnpackedPlan } from './plan.js';
import { factsOf } from './sidecars.js';

export interface SendUnpackedOptions {
  concurrency: number;
  restore: boolean;
  cache: HashCache;
  deviceId: string | undefined;
}

/** The results besides the outcomes in the account. */
export interface SentUnpacked {
  importedBytes: number;
  described: number;
  trashed: number;
  albums: number;
  inTrash: number;
  deleted: number;
  /** Photos that are in the library without all their metadata. */
  problems: FailedFile[];
  /** The error that ended the run early, if any. */
  stoppedBy: unknown;
}

/**
 * Photos with a sidecar come first: of two copies of a photo, the one with a known date should be sent. Photos of the trash come last,
 * because a photo that is also elsewhere does not belong in the trash.
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

/** Uploads the photos of an export and adds their metadata, also to photos that were on the node before. */
export async function sendUnpacked(
  context: Context,
  plan: UnpackedPlan,
  account: Account,
  options: SendUnpackedOptions,
): Promise<SentUnpacked> {
  const followUp = new FollowUp(context, account);
  /** The metadata of the photos in flight. */
  const facts = new Map<ExportedPhoto, PhotoFacts | undefined>();
  const { stoppedBy } = await sendFiles(context, groupsOf(plan), {
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
  return followUp.finish(stoppedBy);
}

/** The steps for photos that are on the node. */
class FollowUp {
  private readonly describer: Describer;
  private readonly albums: AlbumFiller;
  private readonly trash: Trash;
  private readonly counts = { importedBytes: 0, inTrash: 0, deleted: 0 };

  constructor(
    { client, signal }: Context,
    private readonly account: Account,
  ) {
    this.describer = new Describer(client, signal);
    this.albums = new AlbumFiller(client);
    this.trash = new Trash(client);
  }

  async add(photo: ExportedPhoto, uploaded: UploadedFile, facts: PhotoFacts | undefined): Promise<void> {
    const { outcome, photoId } = uploaded;
    if (!this.account.isSettled(photo)) this.count(photo, uploaded);
    this.account.settle(photo, uploaded);
    if (photoId === undefined || outcome === 'deleted') return;
    await this.trash.move(photoId);
    if (photo.folder.kind === 'album') this.albums.add(photo.folder, photoId);
    const update = updateOf(photoId, photo, facts);
    if (update !== undefined) await this.describer.add(readablePath(photo.path), update);
  }

  /** The photo is in the library, but a later step has failed. */
  fail({ path }: ExportedPhoto, error: unknown): void {
    this.describer.problems.push(failedFile(path, error));
  }

  async finish(stoppedBy: unknown): Promise<SentUnpacked> {
    let reason = stoppedBy;
    try {
      if (reason === undefined) await this.describer.finish();
    } catch (error) {
      reason = error;
    }
    try {
      await this.albums.finish({ createMissing: reason === undefined });
    } catch (error) {
      reason ??= error;
    }
    const { described, problems } = this.describer;
    const { filled } = this.albums;
    return {
      ...this.counts,
      described,
      trashed: this.trash.moved,
      albums: filled,
      problems,
      stoppedBy: reason,
    };
  }

  private count(photo: ExportedPhoto, { outcome, photoId }: UploadedFile): void {
    if (outcome === 'inTrash' || outcome === 'deleted') this.counts[outcome] += 1;
    if (!isNew(outcome)) return;
    this.counts.importedBytes += photo.sizeBytes;
    if (photoId === undefined) return;
    this.albums.markNew(photoId);
    if (photo.isTrashed) this.trash.expect(photoId);
  }
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

/**
 * Moves the photos of the trash of the export to the trash, each right after its upload. Ctrl-C does not stop that: the next run could
 * not tell such a photo from one that its owner has restored.
 */
class Trash {
  private readonly expected = new Set<string>();
  moved = 0;

  constructor(private readonly client: Client) {}

  /** Allows `move` for a photo that this run has uploaded. Photos from before stay where they are. */
  expect(photoId: string): void {
    this.expected.add(photoId);
  }

  /** Moves the photo if that is expected and not done yet. */
  async move(photoId: string): Promise<void> {
    if (!this.expected.has(photoId)) return;
    for (const pause of UNKNOWN_PAUSES_MS) {
      const { results } = await this.client.deletePhotos({ body: { ids: [photoId] } });
      if (results[0]?.status === 'ok') {
        this.expected.delete(photoId);
        this.moved += 1;
        return;
      }
      // The catalog may receive a photo a little later than its upload ends.
      await sleep(pause);
    }
    throw new CliError('not_found', 'the node does not know this photo; it was not moved to the trash');
  }
}
