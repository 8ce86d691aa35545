import { z } from 'zod';
import { processingState } from './photos.js';
import { byteCount, byteSpan } from './primitives.js';
import { uploadStatus } from './uploads.js';

/**
 * Every machine-readable problem code with its HTTP status and title. Clients branch on the code; the detail is for people.
 * Codes are never renamed.
 */
export const problemCatalog = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_cursor: { status: 400, title: 'The cursor is not valid' },
  unauthenticated: { status: 401, title: 'Authentication is required' },
  invalid_credentials: { status: 401, title: 'Wrong e-mail or password' },
  share_password_required: { status: 401, title: 'This share link has a password' },
  invalid_refresh_token: { status: 401, title: 'The refresh token is not valid' },
  server_unclaimed: { status: 403, title: 'This node has no owner yet' },
  registration_closed: { status: 403, title: 'Registration is closed' },
  invalid_code: { status: 403, title: 'The code is not valid' },
  owner_mismatch: { status: 403, title: 'Only the signed-in account can become the owner' },
  peer_required: { status: 403, title: 'This address is for other services only' },
  forbidden: { status: 403, title: 'Not allowed' },
  invalid_signature: { status: 403, title: 'The signature of this URL is not valid or has expired' },
  wrong_share_password: { status: 403, title: 'Wrong password' },
  downloads_not_allowed: { status: 403, title: 'This share link does not allow downloads' },
  not_found: { status: 404, title: 'Not found' },
  archive_not_found: { status: 404, title: 'There is no such archive' },
  not_ready: { status: 404, title: 'The preview is not ready' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  request_timeout: { status: 408, title: 'The body came too slowly' },
  email_taken: { status: 409, title: 'There is an account with this e-mail address' },
  already_claimed: { status: 409, title: 'This node already has an owner' },
  offset_mismatch: { status: 409, title: 'The chunk does not fit the upload' },
  upload_incomplete: { status: 409, title: 'Chunks are missing' },
  upload_ended: { status: 409, title: 'The upload session has ended' },
  share_link_limit: { status: 409, title: 'There are too many share links' },
  upload_session_limit: { status: 409, title: 'There are too many open upload sessions' },
  import_ended: { status: 409, title: 'The import has ended' },
  archive_in_use: { status: 409, title: 'A running import reads this archive' },
  cursor_expired: { status: 410, title: 'The cursor is too old' },
  payload_too_large: { status: 413, title: 'Too large' },
  unsupported_media_type: { status: 415, title: 'This type of content is not accepted' },
  range_not_satisfiable: { status: 416, title: 'The range is outside the file' },
  copy_unsupported: { status: 422, title: 'This copy cannot be made of this file' },
  malware_found: { status: 422, title: 'The file contains malware' },
  hash_mismatch: { status: 422, title: 'The SHA-256 of the content differs from the announced one' },
  chunk_digest_mismatch: { status: 422, title: 'The digest of the chunk differs from the announced one' },
  too_many_parts: { status: 422, title: 'The import would have too many archives' },
  too_many_tags: { status: 422, title: 'The photo would have too many tags' },
  idempotency_key_reused: { status: 422, title: 'This Idempotency-Key was used for another request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Internal error' },
  service_unavailable: { status: 503, title: 'Temporarily unavailable' },
  storage_full: { status: 507, title: 'The storage is full' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemCatalog;

export const problemCode = z
  .enum(Object.keys(problemCatalog) as [ProblemCode, ...ProblemCode[]])
  .meta({ id: 'ProblemCode' });

export const fieldError = z
  .object({
    path: z.string().meta({ description: 'where in the request: body.name, query.limit' }),
    message: z.string(),
  })
  .meta({ id: 'FieldError' });

/** Members that some codes add. */
const extensions = {
  errors: z.array(fieldError).optional().meta({
    description:
      'with invalid_request; with not_found when photos are added to an album: the unknown photos; with archive_not_found: the archives that do not exist',
  }),
  missing: z
    .array(byteSpan)
    .optional()
    .meta({ description: 'with upload_incomplete: the first hundred missing ranges' }),
  nextOffset: byteCount.optional().meta({ description: 'with upload_incomplete: the first missing byte' }),
  expectedOffset: byteCount.optional().meta({
    description: 'with offset_mismatch, for an offset at which no chunk starts: the first missing byte',
  }),
  chunkSize: byteCount.optional().meta({ description: 'together with expectedOffset' }),
  sizeBytes: byteCount
    .optional()
    .meta({ description: 'together with expectedOffset: the size of the whole file' }),
  expectedLength: byteCount
    .optional()
    .meta({ description: 'with offset_mismatch, for a chunk of another length: the right one' }),
  uploadStatus: uploadStatus.optional().meta({ description: 'with upload_ended' }),
  failureCode: z.string().optional().meta({ description: 'with upload_ended, if the upload failed' }),
  maxBytes: byteCount.optional().meta({ description: 'with payload_too_large: the largest file' }),
  processing: processingState.optional().meta({ description: 'with not_ready' }),
};

/** RFC 9457 problem details with the members that this API adds. */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int().min(400).max(599),
    detail: z.string().optional(),
    instance: z.string().optional(),
    code: problemCode,
    requestId: z.string().optional(),
    ...extensions,
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });
export type Problem = z.output<typeof problemSchema>;
