import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { id } from '../http/primitives.js';
import { shareToken } from '../http/shares.js';
import { header, problems } from './responses.js';

/** The bytes that the gateway serves: originals, previews, and the pictures and archives of share links. */

const open = { tags: ['gateway'], security: [] };

const picture = { 'image/*': { schema: { type: 'string', format: 'binary' } } } as const;
const pictureHeaders = ['X-Request-Id', 'ETag', 'Last-Modified', 'Cache-Control', 'Accept-Ranges'] as const;

const pictureConditions = z.object({
  Range: z
    .string()
    .optional()
    .meta({ description: 'one range of bytes; several, or a malformed one, give the whole' }),
  'If-Range': z.string().optional().meta({ description: 'an ETag: the range counts only for this version' }),
  'If-None-Match': z.string().optional().meta({ description: 'ETags of the copies that the client has' }),
  'If-Modified-Since': z.string().optional().meta({ description: 'looked at without If-None-Match only' }),
});

export const getMedia: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getMedia',
  summary: 'The bytes of an original or a preview',
  description:
    'Clients take the whole URL from `thumbnails` of a photo or from `/photos/{id}/download`, and need no token. ' +
    'Every value in the path and the query is covered by the signature.',
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
      name: z
        .string()
        .optional()
        .meta({ description: 'the name to save the file under; absent: the one that it was uploaded with' }),
      sig: z.string().meta({ description: 'HMAC-SHA256, base64url' }),
    }),
    header: pictureConditions,
  },
  responses: {
    200: {
      description: 'The whole',
      headers: header(...pictureHeaders, 'Content-Disposition'),
      content: picture,
    },
    206: {
      description: 'The range',
      headers: header(...pictureHeaders, 'Content-Disposition', 'Content-Range'),
      content: picture,
    },
    302: {
      description: 'To a URL of the object store that ends no later, where MEDIA_DELIVERY is `presigned`',
      headers: header('X-Request-Id', 'Location', 'Cache-Control'),
    },
    304: { description: "The client's copy is current", headers: header(...pictureHeaders) },
    ...problems([
      'invalid_request',
      'invalid_signature',
      'not_found',
      'internal_error',
      'service_unavailable',
    ]),
    ...problems(['range_not_satisfiable'], 'Content-Range'),
  },
};

const shareHeaders = z.object({
  'X-Share-Token': z.string().optional().meta({
    description: 'from the unlock of a share link that has a password; the page sends a cookie instead',
  }),
});

export const getShareMedia: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getShareMedia',
  summary: 'The bytes of a picture of a share link',
  description:
    'Visitors take the whole URL from the content of the link. It is good for LAZYPHOTOS_SHARE_MEDIA_SECONDS at most, also ' +
    'when the link is revoked. Without a password caches may keep the picture as long. An original holds no location, unless ' +
    'the link shows locations; 422 if none can be removed from a file of its format.',
  requestParams: {
    path: z.object({ token: shareToken, handle: z.string() }),
    header: pictureConditions.extend(shareHeaders.shape),
  },
  responses: {
    200: {
      description: 'The whole',
      headers: header(...pictureHeaders, 'Content-Disposition'),
      content: picture,
    },
    206: {
      description: 'The range',
      headers: header(...pictureHeaders, 'Content-Disposition', 'Content-Range'),
      content: picture,
    },
    304: { description: "The client's copy is current", headers: header(...pictureHeaders) },
    ...problems([
      'invalid_request',
      'share_password_required',
      'invalid_signature',
      'not_found',
      'copy_unsupported',
      'internal_error',
      'service_unavailable',
    ]),
    ...problems(['range_not_satisfiable'], 'Content-Range'),
  },
};

export const getShareArchive: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getShareArchive',
  summary: 'All originals of a share link as one ZIP',
  description:
    'Streamed, without a known length. What could not be put in is listed in a text file inside. A connection that is cut ' +
    'means that the archive is not complete; one whose client takes no byte for a minute is cut. 429 when this client has ' +
    'too many archives at a time, 503 when the link or the node has.',
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
