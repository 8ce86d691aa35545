import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { id } from '../http/primitives.js';
import { shareToken } from '../http/shares.js';
import { header, problems } from './responses.js';

/** The files that the gateway serves: originals, previews, and the pictures and archives of share links. */
const OPEN = { tags: ['gateway'], security: [] };

const PICTURE = { 'image/*': { schema: { type: 'string', format: 'binary' } } } as const;
const PICTURE_HEADERS = ['X-Request-Id', 'ETag', 'Last-Modified', 'Cache-Control', 'Accept-Ranges'] as const;

const pictureConditions = z.object({
  Range: z
    .string()
    .optional()
    .meta({ description: 'one range of bytes; several ranges or a malformed one give the whole file' }),
  'If-Range': z.string().optional().meta({ description: 'an ETag: the range applies only to this version' }),
  'If-None-Match': z.string().optional().meta({ description: 'ETags of the copies that the client has' }),
  'If-Modified-Since': z.string().optional().meta({ description: 'used only without If-None-Match' }),
});

const pictureResponses = {
  200: {
    description: 'The whole file',
    headers: header(...PICTURE_HEADERS, 'Content-Disposition'),
    content: PICTURE,
  },
  206: {
    description: 'The range',
    headers: header(...PICTURE_HEADERS, 'Content-Disposition', 'Content-Range'),
    content: PICTURE,
  },
  304: { description: "The client's copy is current", headers: header(...PICTURE_HEADERS) },
  ...problems(['range_not_satisfiable'], 'Content-Range'),
};

export const getMedia: ZodOpenApiOperationObject = {
  ...OPEN,
  operationId: 'getMedia',
  summary: 'An original or a preview',
  description:
    'Clients take the whole URL from `thumbnails` of a photo or from `/photos/{id}/download`, and need no token. ' +
    'The signature covers every value in the path and the query.',
  requestParams: {
    path: z.object({
      userId: id,
      photoId: id,
      variant: z
        .string()
        .regex(/^(thumb|medium|original|embedded-\d{1,10})$/)
        .meta({
          description: 'a MediaVariant, or embedded-<version>: a copy of the original with edits written in',
        }),
    }),
    query: z.object({
      exp: z.string().meta({ description: 'when the URL expires, in seconds since 1970' }),
      name: z.string().optional().meta({
        description:
          'the name under which browsers save the file; absent: the name with which it was uploaded',
      }),
      sig: z.string().meta({ description: 'HMAC-SHA256, base64url' }),
    }),
    header: pictureConditions,
  },
  responses: {
    ...pictureResponses,
    302: {
      description: 'To a URL of the object store that ends no later, if MEDIA_DELIVERY is `presigned`',
      headers: header('X-Request-Id', 'Location', 'Cache-Control'),
    },
    ...problems([
      'invalid_request',
      'invalid_signature',
      'not_found',
      'internal_error',
      'service_unavailable',
    ]),
  },
};

const shareHeaders = z.object({
  'X-Share-Token': z.string().optional().meta({
    description: 'from the unlock of a share link that has a password; the page sends a cookie instead',
  }),
});

export const getShareMedia: ZodOpenApiOperationObject = {
  ...OPEN,
  operationId: 'getShareMedia',
  summary: 'A picture of a share link',
  description:
    'Visitors take the whole URL from the content of the link. It is valid for LAZYPHOTOS_SHARE_MEDIA_SECONDS at most, also ' +
    'if the link is revoked. Without a password, caches may keep the picture for the same time. An original holds no location ' +
    'unless the link shows locations; 422 if the location cannot be removed from a file of this format.',
  requestParams: {
    path: z.object({ token: shareToken, handle: z.string() }),
    header: pictureConditions.extend(shareHeaders.shape),
  },
  responses: {
    ...pictureResponses,
    ...problems([
      'invalid_request',
      'share_password_required',
      'invalid_signature',
      'not_found',
      'copy_unsupported',
      'internal_error',
      'service_unavailable',
    ]),
  },
};

export const getShareArchive: ZodOpenApiOperationObject = {
  ...OPEN,
  operationId: 'getShareArchive',
  summary: 'All originals of a share link as one ZIP',
  description:
    'Streamed, without a known length. A text file inside lists the photos that are left out. If the connection ends early, ' +
    'the archive is not complete; the connection of a client that takes no byte for a minute is closed. 429 if this client ' +
    'downloads too many archives at a time, 503 if the link or the node serves too many.',
  requestParams: { path: z.object({ token: shareToken }), header: shareHeaders },
  responses: {
    200: {
      description: 'The ZIP',
      headers: header('X-Request-Id', 'Cache-Control', 'Content-Disposition'),
      content: { 'application/zip': { schema: { type: 'string', format: 'binary' } } },
    },
    ...problems([
      'invalid_request',
      'share_password_required',
      'downloads_not_allowed',
      'not_found',
      'rate_limited',
      'internal_error',
      'service_unavailable',
    ]),
  },
};
