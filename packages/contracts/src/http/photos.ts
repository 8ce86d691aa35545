import { z } from 'zod';
import { capturedAtSources } from '../capture-dates.js';
import { defineEndpoint } from './endpoint.js';
import { place } from './place.js';
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
} from './primitives.js';

/** The previews that are made of every photo: longest side in pixels; never enlarged. */
export const previewSizes = { thumb: 300, medium: 1080 } as const;
export const previewVariants = ['thumb', 'medium'] as const;
export type PreviewVariant = (typeof previewVariants)[number];
export const mediaVariants = ['thumb', 'medium', 'original'] as const;
export type MediaVariant = (typeof mediaVariants)[number];

export const mediaVariant = z.enum(mediaVariants).meta({ id: 'MediaVariant' });

export const processingStates = ['pending', 'ready', 'failed'] as const;
export const processingState = z.enum(processingStates).meta({ id: 'ProcessingState' });

/** What the camera wrote, as far as it makes sense. */
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
      "EXIF orientation by which a decoder's pixels of the original are to be turned; the previews, width and height have it applied. Absent where there is nothing to turn, as in HEIC, whose decoders turn by themselves",
  }),
};

export const capturedAtSource = z.enum(capturedAtSources).meta({
  id: 'CapturedAtSource',
  description: 'where capturedAt comes from, the most believable first',
});

export const photoKinds = ['photo', 'live', 'motion', 'video'] as const;
export const photoKind = z.enum(photoKinds).meta({
  id: 'PhotoKind',
  description: 'motion: a still picture that has a short video inside its file',
});

/** Minutes east of UTC; the widest offsets in use are -12:00 and +14:00. */
export const zoneOffset = z.number().int().min(-1080).max(1080);
export const altitude = z.number().min(-20_000).max(1_000_000).meta({ description: 'metres above the sea' });
export const rating = z.number().int().min(1).max(5).meta({ description: 'stars' });

/** A photo as the services tell each other; the public photo adds the signed preview URLs. */
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
    description: 'minutes east of UTC where the photo was taken, if the file or its owner says so',
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
  archived: z.boolean().meta({ description: 'kept out of the main view; still in albums and in search' }),
  kind: photoKind,
  durationMs: z
    .number()
    .int()
    .positive()
    .optional()
    .meta({ description: 'of the moving part, if there is one' }),
  isDeleted: z.boolean(),
  deletedAt: timestamp.optional(),
  purgeAt: timestamp
    .optional()
    .meta({ description: 'while in the trash: when the photo is removed for good' }),
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

export const listPhotos = defineEndpoint({
  id: 'listPhotos',
  service: 'catalog',
  method: 'get',
  path: '/photos',
  summary: 'Photos, newest capture first',
  auth: 'bearer',
  query: pageQuery.extend({
    from: timestamp.optional().meta({ description: 'captured at or after' }),
    to: timestamp.optional().meta({ description: 'captured before' }),
    albumId: id.optional(),
    tag: line(100).optional(),
    favorite: booleanParam.optional(),
    trashed: booleanParam.optional().meta({ description: 'true: what is in the trash instead' }),
  }),
  success: {
    status: 200,
    body: page('photos', photo)
      .extend({
        feedCursor: z
          .string()
          .optional()
          .meta({ description: 'on the last page: where the feed continues without a gap' }),
      })
      .meta({ id: 'PhotoPage' }),
    description: 'A page of photos',
  },
  problems: ['invalid_cursor', 'not_found'],
});

export const getPhoto = defineEndpoint({
  id: 'getPhoto',
  service: 'catalog',
  method: 'get',
  path: '/photos/{id}',
  summary: 'One photo, also from the trash',
  auth: 'bearer',
  params: photoId,
  success: { status: 200, body: photo, description: 'The photo' },
  problems: ['not_found'],
});

export const downloadPhoto = defineEndpoint({
  id: 'downloadPhoto',
  service: 'catalog',
  method: 'get',
  path: '/photos/{id}/download',
  summary: 'A signed URL of the original or a preview',
  auth: 'bearer',
  params: photoId,
  query: z.object({ size: mediaVariant.default('original') }),
  success: {
    status: 200,
    body: z.object({ url: z.url(), expiresAt: timestamp }).meta({ id: 'SignedUrl' }),
    description: 'The URL, good without a token until it expires',
  },
  problems: ['not_found', 'not_ready'],
});

export const deletePhoto = defineEndpoint({
  id: 'deletePhoto',
  service: 'catalog',
  method: 'delete',
  path: '/photos/{id}',
  summary: 'Move to the trash, or remove for good; repeating it does no harm',
  auth: 'bearer',
  params: photoId,
  query: z.object({ permanent: booleanParam.optional() }),
  success: { status: 204, description: 'Deleted' },
  problems: ['not_found'],
});

export const restorePhoto = defineEndpoint({
  id: 'restorePhoto',
  service: 'catalog',
  method: 'post',
  path: '/photos/{id}/restore',
  summary: 'Bring a photo back from the trash',
  auth: 'bearer',
  params: photoId,
  success: { status: 200, body: photo, description: 'The photo' },
  problems: ['not_found'],
});
