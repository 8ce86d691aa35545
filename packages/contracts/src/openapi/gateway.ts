import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { nodeDescription } from '../http/node.js';
import { problemSchema } from '../http/problems.js';
import { shareToken } from '../http/shares.js';
import { getMedia, getShareArchive, getShareMedia } from './gateway-media.js';
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
