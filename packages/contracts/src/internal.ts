import { z } from 'zod';
import { ANNOUNCED_DATE_SOURCES } from './capture-dates.js';
import { type EventPayload, eventSchemas } from './events.js';
import { defineInternalEndpoints } from './http/endpoint.js';
import { altitude, capturedAtSource, processingState, rating, zoneOffset } from './http/photos.js';
import { id, latitude, longitude, MAX_LIMIT, timestamp } from './http/primitives.js';
import { type ShareContent, type ShareUnlock, shareContent, shareToken, shareUnlock } from './http/shares.js';
import { PHOTO_STATES } from './http/uploads.js';

/** The number of photos in one call of an import to the catalog. */
export const MAX_IMPORTED_PHOTOS = 100;

/** The metadata of one photo that an import has, besides the photo itself. */
export const importedPhoto = z.object({
  photoId: id,
  /** Used if no more reliable date is known. */
  date: z.object({ capturedAt: timestamp, source: z.enum(ANNOUNCED_DATE_SOURCES) }).optional(),
  /** Used if no location is known. */
  location: z.object({ lat: latitude, lon: longitude }).optional(),
  /**
   * Edits made in the source of the photo, and their time. Later edits have priority. An absent time counts as older than every edit.
   */
  edits: z.object({
    at: timestamp.optional(),
    description: z.string().optional(),
    favorite: z.literal(true).optional(),
    archived: z.literal(true).optional(),
    rating: rating.optional(),
    location: z.object({ lat: latitude, lon: longitude }).optional(),
    tags: z.array(z.string()).optional(),
  }),
  /** Moves it to the trash. */
  trashed: z.boolean(),
  albumIds: z.array(id),
});
export type ImportedPhoto = z.output<typeof importedPhoto>;

export const importedAlbum = z.object({ id, name: z.string(), description: z.string().optional() });
export type ImportedAlbum = z.output<typeof importedAlbum>;

export const describeImportedRequest = z.object({
  userId: id,
  /** Albums to create first; existing ones do not change. */
  newAlbums: z.array(importedAlbum),
  photos: z.array(importedPhoto).max(MAX_IMPORTED_PHOTOS),
});
export type DescribeImportedRequest = z.output<typeof describeImportedRequest>;

const photoDate = z.object({
  photoId: id,
  capturedAt: timestamp.optional(),
  capturedAtSource: capturedAtSource.optional(),
  processing: processingState,
});
export type PhotoDate = z.output<typeof photoDate>;

/** `unknown`: the catalog does not know the photo (yet). */
export type KnownPhotoState = (typeof PHOTO_STATES)[number] | 'unknown';

/** The calls of the upload service to the catalog. */
export interface CatalogApi {
  /** Makes an upload visible at once. The event of the same upload then changes nothing. */
  recordUpload(upload: EventPayload<'upload.completed'>): Promise<void>;
  photoState(userId: string, photoId: string): Promise<KnownPhotoState>;
  /** Restores a photo from the trash. Resolves to its state afterwards. */
  restorePhoto(userId: string, photoId: string): Promise<KnownPhotoState>;
  /**
   * Adds the metadata of an import to uploaded photos, and adds them to albums. A repeated call changes nothing. Purged photos and
   * deleted albums are left out. Resolves to the photos that the catalog does not know yet, which were not changed.
   */
  describeImported(request: DescribeImportedRequest): Promise<{ unknown: string[] }>;
  /** Resolves to the capture times of photos of this user, as far as known; purged and unknown photos are left out. */
  photoDates(userId: string, photoIds: readonly string[]): Promise<PhotoDate[]>;
}

/** The calls of the catalog to the feed. */
export interface FeedApi {
  /** The cursor after the newest entry of this user's log. */
  headCursor(userId: string): Promise<string>;
}

/** The calls of the gateway to the auth service. */
export interface NodeApi {
  isClaimed(): Promise<boolean>;
}

/** The calls of the catalog to the auth service. */
export interface AccountsApi {
  /** Resolves to undefined when the account has no display name, or when there is no such account. */
  displayName(userId: string): Promise<string | undefined>;
}

const shareView = z.object({
  token: shareToken,
  /** From an unlock, if the visitor has one. */
  unlockToken: z.string().optional(),
  cursor: z.string().optional(),
  limit: z.number().int().min(1).max(MAX_LIMIT),
  /** Whether this view of a first page is counted. */
  counted: z.boolean(),
});
export type ShareView = z.output<typeof shareView>;

/** The calls of the gateway to the catalog, for the pages, pictures and archives of share links. */
export interface SharesApi {
  /** Resolves to one page of the content of a link. @throws ProblemError `not_found`, `share_password_required`, `invalid_cursor` */
  view(view: ShareView): Promise<ShareContent>;
  /** @throws ProblemError `not_found`, `wrong_share_password` */
  unlock(token: string, password: string): Promise<ShareUnlock>;
}

/**
 * The metadata of an `embedded` copy that differ from the original. An absent field keeps the original's value; null or an empty list
 * removes it.
 */
export const copyEdits = z.object({
  description: z.string().nullable().optional(),
  tags: z.array(z.string()).optional(),
  rating: rating.nullable().optional(),
  capturedAt: timestamp.optional(),
  /** Minutes east of UTC. Without it, `capturedAt` is written as the time in UTC, without a zone. */
  capturedAtOffset: zoneOffset.optional(),
  location: z.object({ lat: latitude, lon: longitude, altitude: altitude.optional() }).nullable().optional(),
  cameraMake: z.string().nullable().optional(),
  cameraModel: z.string().nullable().optional(),
});
export type CopyEdits = z.output<typeof copyEdits>;

const original = { userId: id, photoId: id, storageKey: z.string(), mimeType: z.string() };

export const copyRequest = z.discriminatedUnion('kind', [
  /** Without any location, and without the owner's name and address, in the bytes. */
  z.object({ kind: z.literal('without-location'), ...original }),
  /** Without the owner's name and address; the location stays. */
  z.object({ kind: z.literal('without-owner'), ...original }),
  /** With the edits of one version of the photo written in. */
  z.object({
    kind: z.literal('embedded'),
    ...original,
    version: z.number().int().positive(),
    edits: copyEdits,
  }),
]);
export type CopyRequest = z.output<typeof copyRequest>;

/** The calls of the gateway and the catalog to the media worker. */
export interface CopiesApi {
  /**
   * Makes a copy of an original with other metadata and the same pixels, if there is none yet. Resolves to the key of an object with
   * such content, which stays for a day at least: the original's own, if nothing has to be changed.
   * @throws ProblemError `copy_unsupported` (422): the format cannot be written, or would still contain what must not be shown;
   * `not_found` (404): the original does not exist, or the photo was purged;
   * `service_unavailable` (503, with Retry-After): too many copies wait to be made.
   */
  makeCopy(request: CopyRequest): Promise<{ key: string }>;
}

const userPhoto = z.object({ userId: id, photoId: id });
export type UserPhoto = z.output<typeof userPhoto>;

/** The calls of the gateway to the media worker about previews that were lost. */
export interface PreviewsApi {
  /**
   * Has the previews of a photo made again in the background, if they were made before and one of them is missing or damaged now. A photo
   * whose previews were made again less than five minutes ago is left alone.
   */
  remakePreviews(photo: UserPhoto): Promise<void>;
}
const stateAnswer = z.object({ state: z.enum([...PHOTO_STATES, 'unknown']) });

/** The same calls over HTTP, between containers, for the services that they name. The gateway does not route them. */
export const internalEndpoints = {
  ...defineInternalEndpoints('catalog', ['upload'], {
    recordUpload: {
      method: 'post',
      path: '/internal/uploads',
      summary: 'Make an upload visible',
      body: eventSchemas['upload.completed'],
      success: { status: 204, description: 'Recorded' },
    },
    photoState: {
      method: 'get',
      path: '/internal/users/{userId}/photos/{photoId}/state',
      summary: 'The state of a photo',
      params: userPhoto,
      success: { status: 200, body: stateAnswer, description: 'The state' },
    },
    restoreFromTrash: {
      method: 'post',
      path: '/internal/users/{userId}/photos/{photoId}/restore',
      summary: 'Restore a photo from the trash',
      params: userPhoto,
      success: { status: 200, body: stateAnswer, description: 'The state afterwards' },
    },
    describeImported: {
      method: 'post',
      path: '/internal/imports/photos',
      summary: 'Add the metadata of an import to photos',
      body: describeImportedRequest,
      success: {
        status: 200,
        body: z.object({ unknown: z.array(id) }),
        description: 'The photos that are not known yet',
      },
    },
    photoDates: {
      method: 'post',
      path: '/internal/photos/dates',
      summary: 'The capture times of photos, and their sources',
      body: z.object({ userId: id, photoIds: z.array(id).max(MAX_IMPORTED_PHOTOS) }),
      success: { status: 200, body: z.object({ photos: z.array(photoDate) }), description: 'The dates' },
    },
  }),
  ...defineInternalEndpoints('catalog', ['gateway'], {
    viewShare: {
      method: 'post',
      path: '/internal/shares/view',
      summary: 'A page of what a share link shows; the token is in the body, so that no URL holds it',
      body: shareView,
      success: { status: 200, body: shareContent, description: 'The page' },
      problems: ['not_found', 'share_password_required', 'invalid_cursor'],
    },
    unlockShareLink: {
      method: 'post',
      path: '/internal/shares/unlock',
      summary: 'Exchange the password of a share link for an unlock token',
      body: z.object({ token: shareToken, password: z.string() }),
      success: { status: 200, body: shareUnlock, description: 'The unlock token' },
      problems: ['not_found', 'wrong_share_password'],
    },
  }),
  ...defineInternalEndpoints('auth', ['catalog'], {
    displayName: {
      method: 'get',
      path: '/internal/users/{userId}/display-name',
      summary: 'The name under which an account is shown to others',
      params: z.object({ userId: id }),
      success: {
        status: 200,
        body: z.object({ displayName: z.string().optional() }),
        description: 'The name, if the account has one',
      },
    },
  }),
  ...defineInternalEndpoints('feed', ['catalog'], {
    headCursor: {
      method: 'get',
      path: '/internal/users/{userId}/head',
      summary: "The end of a user's log",
      params: z.object({ userId: id }),
      success: { status: 200, body: z.object({ cursor: z.string() }), description: 'The cursor' },
    },
  }),
  ...defineInternalEndpoints('media-worker', ['gateway', 'catalog'], {
    makeCopy: {
      method: 'post',
      path: '/internal/copies',
      summary: 'A copy of an original without its owner or location, or with the edits written in',
      body: copyRequest,
      success: { status: 200, body: z.object({ key: z.string() }), description: 'The key of the copy' },
      problems: ['copy_unsupported', 'not_found'],
    },
  }),
  ...defineInternalEndpoints('media-worker', ['gateway'], {
    remakePreviews: {
      method: 'post',
      path: '/internal/users/{userId}/photos/{photoId}/previews',
      summary: 'Have the lost previews of a photo made again',
      params: userPhoto,
      success: { status: 204, description: 'They are whole, or are going to be made again' },
    },
  }),
};
