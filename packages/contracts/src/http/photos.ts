import { z } from 'zod';
import { CAPTURED_AT_SOURCES } from '../capture-dates.js';
import { defineEndpoints } from './endpoint.js';
import {
  booleanParam,
  byteCount,
  id,
  latitude,
  line,
  longitude,
  page,
  pageQuery,
  pixels,
  sha256,
  timestamp,
  timeZone,
} from './primitives.js';

/** Where a photo was taken, in words. */
export const place = z
  .object({
    city: z.string().optional(),
    region: z.string().optional(),
    country: z.string().optional(),
    countryCode: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .optional()
      .meta({ description: 'ISO 3166-1 alpha-2' }),
  })
  .meta({ id: 'Place', description: "names in the reader's language where they are known" });
export type Place = z.output<typeof place>;

/** The previews that are made of every photo: longest side in pixels; never enlarged. */
export const previewSizes = { thumb: 300, medium: 1080 } as const;
export const PREVIEW_VARIANTS = ['thumb', 'medium'] as const;
export type PreviewVariant = (typeof PREVIEW_VARIANTS)[number];
export const MEDIA_VARIANTS = ['thumb', 'medium', 'original'] as const;
export type MediaVariant = (typeof MEDIA_VARIANTS)[number];

export const mediaVariant = z.enum(MEDIA_VARIANTS).meta({ id: 'MediaVariant' });

export const PROCESSING_STATES = ['pending', 'ready', 'failed'] as const;
export const processingState = z.enum(PROCESSING_STATES).meta({ id: 'ProcessingState' });

/** Metadata from the camera, as far as they are plausible. */
export const cameraMetadata = {
  cameraMake: z.string().optional(),
  cameraModel: z.string().optional(),
  lensModel: z.string().optional(),
  fNumber: z.number().optional(),
  exposureTime: z.number().optional().meta({ description: 'seconds' }),
  iso: z.number().int().optional(),
  focalLength: z.number().optional().meta({ description: 'millimetres' }),
  orientation: z.number().int().min(1).max(8).optional().meta({
    description:
      'EXIF orientation by which the decoded pixels of the original must be turned; it is already applied to the previews, width and height. Absent if there is nothing to turn, as in HEIC, whose decoders turn the picture',
  }),
};

export const capturedAtSource = z.enum(CAPTURED_AT_SOURCES).meta({
  id: 'CapturedAtSource',
  description: 'the source of capturedAt, the most reliable first',
});

export const PHOTO_KINDS = ['photo', 'live', 'motion', 'video'] as const;
export const photoKind = z.enum(PHOTO_KINDS).meta({
  id: 'PhotoKind',
  description: 'motion: a picture with a short video in the same file',
});

/** Minutes east of UTC; the widest offsets in use are -12:00 and +14:00. */
export const zoneOffset = z.number().int().min(-1080).max(1080);
export const altitude = z.number().min(-20_000).max(1_000_000).meta({ description: 'metres above the sea' });
export const rating = z.number().int().min(1).max(5).meta({ description: 'stars' });

/** A photo as services exchange it; the public photo adds the signed URLs of previews. */
export const photoRecord = z.object({
  id,
  userId: id,
  storageKey: z.string(),
  hash: sha256,
  fileName: z.string(),
  sizeBytes: byteCount,
  mimeType: z.string(),
  capturedAt: timestamp.optional(),
  capturedAtSource: capturedAtSource.optional(),
  capturedAtOffset: zoneOffset.optional().meta({
    description: 'minutes east of UTC where the photo was taken, if known from the file or its owner',
  }),
  uploadedAt: timestamp,
  updatedAt: timestamp,
  width: pixels.nullable().meta({ description: 'as displayed, orientation applied; null while unknown' }),
  height: pixels.nullable().meta({ description: 'as displayed, orientation applied; null while unknown' }),
  locationLat: latitude.optional(),
  locationLon: longitude.optional(),
  altitude: altitude.optional(),
  place: place.optional(),
  ...cameraMetadata,
  description: z.string().optional(),
  tags: z.array(z.string()),
  favorite: z.boolean(),
  rating: rating.optional(),
  archived: z.boolean().meta({ description: 'not in the main view, but in albums and in search' }),
  kind: photoKind,
  durationMs: z
    .number()
    .int()
    .positive()
    .optional()
    .meta({ description: 'of the video part, if there is one' }),
  isDeleted: z.boolean(),
  deletedAt: timestamp.optional(),
  purgeAt: timestamp
    .optional()
    .meta({ description: 'for a photo in the trash: when it is removed permanently' }),
  processing: processingState,
  processingError: z
    .object({ code: z.string(), reason: z.string() })
    .meta({ id: 'ProcessingError' })
    .optional()
    .meta({ description: 'why processing failed' }),
  placeholder: z.string().optional().meta({ description: 'thumbhash, base64' }),
  version: z.number().int().positive(),
});
export type PhotoRecord = z.output<typeof photoRecord>;

export const thumbnails = z
  .object({ thumb: z.url().optional(), medium: z.url().optional() })
  .meta({ id: 'Thumbnails', description: 'signed URLs; empty while the previews are being made' });

export const photo = photoRecord.extend({ thumbnails }).meta({ id: 'Photo' });
export type Photo = z.output<typeof photo>;

const photoId = z.object({ id });

export const PHOTO_SORTS = ['capturedAt', 'uploadedAt'] as const;

/** The photos of a list or its timeline. */
const photoFilter = z.object({
  from: timestamp
    .optional()
    .meta({ description: 'at or after this time, by the time that the list is sorted by' }),
  to: timestamp.optional().meta({ description: 'before this time, by the time that the list is sorted by' }),
  albumId: id.optional(),
  tag: line(100).optional().meta({ description: 'compared without case' }),
  favorite: booleanParam.optional(),
  archived: booleanParam.optional().meta({ description: 'absent: both' }),
  trashed: booleanParam.optional().meta({ description: 'true: only photos in the trash' }),
  sort: z.enum(PHOTO_SORTS).default('capturedAt').meta({
    id: 'PhotoSort',
    description: 'capturedAt: a photo without a capture time is sorted by the time of its upload',
  }),
});
export type PhotoFilter = z.output<typeof photoFilter>;
/** The metadata in a downloaded original: those of the upload, or those that are current. */
const downloadMetadata = z.enum(['original', 'embedded']).meta({ id: 'DownloadMetadata' });

export const photoEndpoints = defineEndpoints('catalog', {
  listPhotos: {
    method: 'get',
    path: '/photos',
    summary: 'Photos, newest first',
    query: pageQuery.extend(photoFilter.shape),
    success: {
      status: 200,
      body: page('photos', photo)
        .extend({
          feedCursor: z.string().optional().meta({
            description: 'on the last page: the cursor from which the feed continues without a gap',
          }),
        })
        .meta({ id: 'PhotoPage' }),
      description: 'A page of photos',
    },
    problems: ['invalid_cursor', 'not_found'],
  },
  photoTimeline: {
    method: 'get',
    path: '/photos/timeline',
    summary: 'The number of photos of each month, newest first; months without photos are left out',
    query: photoFilter.extend({ zone: timeZone.default('UTC') }),
    success: {
      status: 200,
      body: z
        .object({
          months: z.array(
            z
              .object({
                month: z
                  .string()
                  .regex(/^\d{4}-\d{2}$/)
                  .meta({ description: 'year and month in the zone: 2024-05' }),
                count: z.number().int().positive(),
              })
              .meta({ id: 'TimelineMonth' }),
          ),
        })
        .meta({ id: 'Timeline' }),
      description: 'The months',
    },
    problems: ['not_found'],
  },
  getPhoto: {
    method: 'get',
    path: '/photos/{id}',
    summary: 'One photo, also from the trash',
    params: photoId,
    success: { status: 200, body: photo, description: 'The photo' },
    problems: ['not_found'],
  },
  downloadPhoto: {
    method: 'get',
    path: '/photos/{id}/download',
    summary: 'A signed URL of the original or a preview',
    params: photoId,
    query: z
      .object({
        size: mediaVariant.default('original'),
        metadata: downloadMetadata.default('original').meta({
          description: 'with size=original: embedded gives a copy that contains the edits of its owner',
        }),
      })
      .refine(({ size, metadata }) => metadata === 'original' || size === 'original', {
        message: 'is allowed only with size=original',
        path: ['metadata'],
      }),
    success: {
      status: 200,
      body: z.object({ url: z.url(), expiresAt: timestamp }).meta({ id: 'SignedUrl' }),
      description: 'The URL, valid without a token until it expires',
    },
    problems: ['not_found', 'not_ready', 'copy_unsupported'],
  },
  deletePhoto: {
    method: 'delete',
    path: '/photos/{id}',
    summary: 'Move to the trash, or remove permanently; a repeated request changes nothing',
    params: photoId,
    query: z.object({ permanent: booleanParam.optional() }),
    success: { status: 204, description: 'Deleted' },
    problems: ['not_found'],
  },
  restorePhoto: {
    method: 'post',
    path: '/photos/{id}/restore',
    summary: 'Restore a photo from the trash',
    params: photoId,
    success: { status: 200, body: photo, description: 'The photo' },
    problems: ['not_found'],
  },
  listTags: {
    method: 'get',
    path: '/tags',
    summary: 'The tags of photos that are not in the trash, in the order of their keys',
    query: pageQuery,
    success: {
      status: 200,
      body: page(
        'tags',
        z
          .object({
            name: z.string().meta({ description: 'the spelling of the newest photo with this tag' }),
            count: z.number().int().positive().meta({ description: 'photos that are not in the trash' }),
          })
          .meta({ id: 'Tag' }),
      ).meta({ id: 'TagPage' }),
      description: 'A page of tags',
    },
    problems: ['invalid_cursor'],
  },
});

/** Returns the signed URL of one variant of a photo. */
export type MediaUrlFor = (userId: string, photoId: string, variant: MediaVariant) => string;

/**
 * A photo as clients see it: the record with signed URLs for the previews that exist, and its place in the words of `localPlace`.
 */
export function photoView(
  record: PhotoRecord,
  mediaUrl: MediaUrlFor,
  localPlace: (place: Place) => Place = (place) => place,
): Photo {
  const thumbnails: Photo['thumbnails'] = {};
  if (record.processing === 'ready')
    for (const variant of PREVIEW_VARIANTS) thumbnails[variant] = mediaUrl(record.userId, record.id, variant);
  // A feed keeps records that are older than these fields.
  const { archived = false, kind = 'photo', place } = record;
  return { ...record, archived, kind, place: place && localPlace(place), thumbnails };
}
