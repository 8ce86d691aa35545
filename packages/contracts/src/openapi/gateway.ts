import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { nodeDescription } from '../http/node.js';
import { id } from '../http/primitives.js';
import { problemSchema } from '../http/problems.js';
import { shareToken } from '../http/shares.js';
import { header, problems } from './responses.js';

/**
 * What the gateway itself serves. These routes have no endpoint: nothing validates their requests, and some of them do not
 * respond with JSON. The contract fuzz compares what stands here with a running node.
 */

const checkResult = z.enum(['ok', 'failed']).meta({ id: 'CheckResult' });
const health = z
  .object({ status: z.literal('ok'), service: z.string(), version: z.string() })
  .meta({ id: 'Health' });
const readiness = z
  .object({
    status: z.enum(['ready', 'not_ready']).meta({ id: 'ReadinessStatus' }),
    checks: z
      .record(z.string(), checkResult)
      .meta({ description: 'each dependency and service by its name' }),
  })
  .meta({ id: 'Readiness' });

const open = { tags: ['gateway'], security: [] };

const getHealth: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getHealth',
  summary: 'Whether the gateway runs',
  responses: {
    200: {
      description: 'It runs',
      headers: header('X-Request-Id'),
      content: { 'application/json': { schema: health } },
    },
    ...problems(['internal_error']),
  },
};

const getReadiness: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getReadiness',
  summary: 'Whether the node can serve: its databases, event bus, object store and services',
  responses: {
    200: {
      description: 'Everything is ready',
      headers: header('X-Request-Id'),
      content: { 'application/json': { schema: readiness } },
    },
    ...problems(['internal_error']),
    503: {
      description: 'Something is not ready',
      headers: header('X-Request-Id', 'Retry-After'),
      content: { 'application/json': { schema: readiness } },
    },
  },
};

const webPage = { 'text/html': { schema: { type: 'string' } } } as const;

const getNode: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getNode',
  summary: 'What this node is: a page for browsers, JSON for other clients',
  description:
    'Which of the two depends on `Accept`. The page is in English or German, as `Accept-Language` says.',
  responses: {
    200: {
      description: 'The node',
      headers: header('X-Request-Id', 'Vary'),
      content: { 'application/json': { schema: nodeDescription }, ...webPage },
    },
    ...problems(['internal_error']),
  },
};

const openApi = z
  .looseObject({ openapi: z.string().meta({ description: 'the version of OpenAPI' }) })
  .meta({ id: 'OpenApiDocument', description: 'https://spec.openapis.org/oas/v3.1.1' });

const getOpenApi: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getOpenApi',
  summary: 'This document',
  responses: {
    200: {
      description: 'OpenAPI 3.1',
      headers: header('X-Request-Id'),
      content: { 'application/json': { schema: openApi } },
    },
    ...problems(['internal_error']),
  },
};

const getApiDescription: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getApiDescription',
  summary: 'This document in YAML',
  responses: {
    200: {
      description: 'OpenAPI 3.1',
      headers: header('X-Request-Id'),
      content: { 'application/yaml': {} },
    },
    ...problems(['internal_error']),
  },
};

const getDocs: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getDocs',
  summary: 'This document as a page to read',
  responses: {
    200: { description: 'The page', headers: header('X-Request-Id'), content: webPage },
    ...problems(['internal_error']),
  },
};

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

const getMedia: ZodOpenApiOperationObject = {
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

const getShareMedia: ZodOpenApiOperationObject = {
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

const getShareArchive: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getShareArchive',
  summary: 'All originals of a share link as one ZIP',
  description:
    'Streamed, without a known length. What could not be put in is listed in a text file inside. A connection that is cut ' +
    'means that the archive is not complete.',
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

const refusalPage = (description: string) => ({
  description,
  headers: header('X-Request-Id'),
  content: webPage,
});
const laterPage = (description: string) => ({
  description,
  headers: header('X-Request-Id', 'Retry-After'),
  content: webPage,
});

const sharePassword = z
  .object({ password: z.string().min(1).max(1000) })
  .meta({ id: 'UnlockSharePageRequest' });

const getSharePage: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getSharePage',
  summary: 'The page of a share link, for browsers; the form for its password, if it has one',
  description:
    'In English or German, as `Accept-Language` says. Unknown, revoked and expired links give the same page. Programs use ' +
    '`/share-links/{token}/content`.',
  requestParams: {
    path: z.object({ token: shareToken }),
    query: z.object({
      cursor: z.string().optional().meta({ description: 'a further page of the photos' }),
      photo: z.string().optional().meta({ description: 'the id of a photo on that page: it is shown alone' }),
      download: z.string().optional().meta({ description: "with `photo`: leads to the photo's original" }),
    }),
  },
  responses: {
    200: {
      description: 'The page, or the form',
      headers: header('X-Request-Id', 'Vary', 'Cache-Control'),
      content: webPage,
    },
    302: { description: 'To the original', headers: header('X-Request-Id', 'Location', 'Cache-Control') },
    303: {
      description: 'To the list, since it does not hold the photo (any more) at this place',
      headers: header('X-Request-Id', 'Location', 'Cache-Control'),
    },
    ...problems(['invalid_request', 'downloads_not_allowed', 'internal_error']),
    404: refusalPage('There is no such link (any more)'),
    429: laterPage('Too many requests'),
    503: laterPage('The catalog does not respond'),
  },
};

const unlockSharePage: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'unlockSharePage',
  summary: 'What the form of a share page sends: the password for a cookie that opens this page alone',
  description:
    'The cookie is `HttpOnly; SameSite=Strict`, and `Secure` where LAZYPHOTOS_PUBLIC_URL is https. Programs use ' +
    '`/share-links/{token}/unlock`.',
  requestParams: { path: z.object({ token: shareToken }) },
  requestBody: {
    required: true,
    content: {
      'application/x-www-form-urlencoded': { schema: sharePassword },
    },
  },
  responses: {
    303: { description: 'To the page', headers: header('X-Request-Id', 'Location', 'Cache-Control') },
    ...problems(['payload_too_large', 'internal_error']),
    400: {
      description:
        'The form again: there is no password in it. Or a problem: the body or the path cannot be read',
      headers: header('X-Request-Id'),
      content: { ...webPage, 'application/problem+json': { schema: problemSchema } },
    },
    403: refusalPage('The form again: the password is wrong'),
    404: refusalPage('There is no such link (any more)'),
    429: laterPage('The form again: too many attempts'),
    503: laterPage('The catalog does not respond'),
  },
};

export const gatewayPaths: ZodOpenApiPathsObject = {
  '/': { get: getNode },
  '/health': { get: getHealth },
  '/health/ready': { get: getReadiness },
  '/docs': { get: getDocs },
  '/openapi.json': { get: getOpenApi },
  '/docs/openapi.yaml': { get: getApiDescription },
  '/media/{userId}/{photoId}/{variant}': { get: getMedia },
  '/s/{token}': { get: getSharePage },
  '/s/{token}/unlock': { post: unlockSharePage },
  '/s/{token}/media/{handle}': { get: getShareMedia },
  '/s/{token}/archive': { get: getShareArchive },
};
