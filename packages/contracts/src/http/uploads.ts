import { z } from 'zod';
import { ANNOUNCED_DATE_SOURCES } from '../capture-dates.js';
import { defineEndpoints } from './endpoint.js';
import {
  byteCount,
  byteSpan,
  id,
  latitude,
  line,
  longitude,
  pixels,
  sha256,
  shownAs,
  timestamp,
} from './primitives.js';

export const PHOTO_STATES = ['active', 'trashed', 'deleted'] as const;
export const photoState = z.enum(PHOTO_STATES).meta({ id: 'PhotoState' });
export type PhotoLifeState = z.output<typeof photoState>;

export const UPLOAD_STATUSES = ['open', 'completed', 'failed', 'aborted', 'expired'] as const;
export const uploadStatus = z.enum(UPLOAD_STATUSES).meta({ id: 'UploadStatus' });

const sessionId = z.object({ id });

const announcedDateSource = z.enum(ANNOUNCED_DATE_SOURCES).meta({
  id: 'AnnouncedDateSource',
  description:
    'the source of capturedAt: a file beside the photo, a source of the client, a date in the file name, the year in the name of its folder, the modification time',
});

export const uploadEndpoints = defineEndpoints('upload', {
  createUploadSession: {
    method: 'post',
    path: '/upload-sessions',
    summary: 'Announce a photo by its hash; returns the open session for the same hash, if there is one',
    body: z
      .object({
        hash: sha256,
        sizeBytes: byteCount.min(1),
        mimeType: z.string().trim().toLowerCase().min(3).max(100).meta({
          description: 'of a photo; or application/zip for an archive to import',
        }),
        fileName: line(255).optional(),
        capturedAt: timestamp.optional().meta({ description: 'used if the file has no date' }),
        capturedAtSource: announcedDateSource.default('client'),
        width: pixels.optional(),
        height: pixels.optional(),
        locationLat: latitude.optional(),
        locationLon: longitude.optional(),
        deviceId: id.optional(),
        restore: z
          .boolean()
          .optional()
          .meta({ description: 'restore a photo that is in the trash or was purged' }),
      })
      .meta({ id: 'CreateUploadSessionRequest' }),
    success: {
      status: 200,
      body: z
        .object({
          uploadSessionId: id.meta({ description: 'if the photo exists: the session that uploaded it' }),
          uploadUrl: z.url().meta({ description: 'append ?offset= for each chunk' }),
          chunkSize: z.number().int().positive(),
          alreadyExists: z.boolean(),
          photoId: id.optional(),
          photoState: photoState.optional(),
          nextOffset: byteCount,
          expiresAt: timestamp,
        })
        .meta({ id: 'CreatedUploadSession' }),
      description: 'The address for the chunks, or the existing photo',
    },
    problems: ['payload_too_large', 'unsupported_media_type', 'upload_session_limit', 'storage_full'],
  },
  getUploadSession: {
    method: 'get',
    path: '/upload-sessions/{id}',
    summary: 'The state of an upload session and its received ranges',
    params: sessionId,
    success: {
      status: 200,
      body: z
        .object({
          status: uploadStatus,
          sizeBytes: byteCount,
          chunkSize: z.number().int().positive(),
          nextOffset: byteCount.meta({ description: 'the first byte that is missing' }),
          received: z.array(byteSpan),
          expiresAt: timestamp,
          photoId: id.optional(),
        })
        .meta({ id: 'UploadSession' }),
      description: 'The session',
    },
    problems: ['not_found'],
  },
  putChunk: {
    method: 'put',
    path: '/upload-sessions/{id}/chunks',
    summary: 'Send one chunk, in any order; a repeated request changes nothing',
    params: sessionId,
    query: z.object({
      offset: z
        .string()
        .regex(/^\d{1,16}$/, 'must be a whole number')
        .transform(Number)
        .pipe(byteCount)
        .meta(shownAs({ type: 'integer', format: 'int64', minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    }),
    body: 'binary',
    success: { status: 204, description: 'Stored' },
    problems: [
      'not_found',
      'offset_mismatch',
      'upload_ended',
      'chunk_digest_mismatch',
      'unsupported_media_type',
      'storage_full',
    ],
  },
  completeUpload: {
    method: 'post',
    path: '/upload-sessions/{id}/complete',
    summary: 'Verify and store the photo; a repeated request gets the same response',
    params: sessionId,
    body: z
      .object({ storageKey: z.string().optional().meta({ description: 'ignored' }) })
      .meta({ id: 'CompleteUploadRequest' })
      .optional(),
    success: {
      status: 200,
      body: z
        .object({
          photoId: id.meta({ description: 'for an archive: the id of the archive' }),
        })
        .meta({ id: 'CompletedUpload' }),
      description: 'The photo or the archive is stored',
    },
    problems: [
      'not_found',
      'upload_incomplete',
      'upload_ended',
      'hash_mismatch',
      'unsupported_media_type',
      'malware_found',
      'storage_full',
    ],
  },
  abortUpload: {
    method: 'delete',
    path: '/upload-sessions/{id}',
    summary: 'Abort the upload and delete its chunks',
    params: sessionId,
    success: { status: 204, description: 'Aborted' },
    problems: ['not_found', 'upload_ended'],
  },
});
