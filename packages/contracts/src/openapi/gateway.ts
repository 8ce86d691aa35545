import { z } from 'zod';
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiRequestBodyObject,
  ZodOpenApiResponseObject,
} from 'zod-openapi';
import { problemSchema } from '../http/problems.js';
import { shareToken } from '../http/shares.js';
import { getMedia, getShareArchive, getShareMedia } from './gateway-media.js';
import { header, problems, type ResponseHeader } from './responses.js';

/**
 * The routes that the gateway itself serves. They have no endpoint: nothing validates their requests, and some of them do not
 * respond with JSON. The contract fuzz compares these descriptions with a running node.
 */

const checkResult = z.enum(['ok', 'full', 'failed']).meta({
  id: 'CheckResult',
  description:
    'full: the disk is nearly full, so uploads are refused; everything else goes on, and the node is ready',
});
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
const openApi = z
  .looseObject({ openapi: z.string().meta({ description: 'the version of OpenAPI' }) })
  .meta({ id: 'OpenApiDocument', description: 'https://spec.openapis.org/oas/v3.1.1' });
const sharePassword = z
  .object({ password: z.string().min(1).max(1000) })
  .meta({ id: 'UnlockSharePageRequest' });

/** The response of `GET /` to a client that is not a browser. */
const nodeDescription = z
  .object({
    name: z.literal('LazyPhotos'),
    version: z.string(),
    claimed: z
      .boolean()
      .optional()
      .meta({ description: 'whether the node has an owner; absent while the auth service does not respond' }),
    docs: z.string().meta({ description: 'the path of the documentation for people' }),
    openapi: z.string().meta({ description: 'the path of the OpenAPI document' }),
    health: z.string().meta({ description: 'the path that says whether the gateway runs' }),
    readiness: z.string().meta({ description: 'the path that says whether the node can serve' }),
  })
  .meta({ id: 'NodeDescription' });
export type NodeDescription = z.output<typeof nodeDescription>;

const WEB_PAGE = { 'text/html': { schema: { type: 'string' } } } as const;

const respondWith = (
  description: string,
  content: NonNullable<ZodOpenApiResponseObject['content']>,
  ...headers: ResponseHeader[]
): ZodOpenApiResponseObject => ({ description, headers: header('X-Request-Id', ...headers), content });
const json = (schema: z.ZodType) => ({ 'application/json': { schema } });
const redirect = (description: string): ZodOpenApiResponseObject => ({
  description,
  headers: header('X-Request-Id', 'Location', 'Cache-Control'),
});

/** An operation without parameters that only fails with an internal error. */
const plainGet = (
  operationId: string,
  summary: string,
  success: ZodOpenApiResponseObject,
): ZodOpenApiOperationObject => ({
  tags: ['gateway'],
  security: [],
  operationId,
  summary,
  responses: { 200: success, ...problems(['internal_error']) },
});

const readinessGet = plainGet(
  'getReadiness',
  'Whether the node can serve: its databases, event bus, object store and services',
  respondWith('Everything is ready', json(readiness)),
);
const getReadiness: ZodOpenApiOperationObject = {
  ...readinessGet,
  responses: {
    ...readinessGet.responses,
    503: respondWith('Something is not ready', json(readiness), 'Retry-After'),
  },
};

const { responses: nodeResponses, ...nodeGet } = plainGet(
  'getNode',
  'What this node is: a page for browsers, JSON for other clients',
  respondWith('The node', { ...json(nodeDescription), ...WEB_PAGE }, 'Vary'),
);
const getNode: ZodOpenApiOperationObject = {
  ...nodeGet,
  description:
    '`Accept` decides which of the two. The page is in English or German, according to `Accept-Language`.',
  responses: nodeResponses,
};

const getSharePage: ZodOpenApiOperationObject = {
  tags: ['gateway'],
  security: [],
  operationId: 'getSharePage',
  summary: 'The page of a share link, for browsers; or the form for its password, if it has one',
  description:
    'In English or German, according to `Accept-Language`. Unknown, revoked and expired links give the same page. Programs use ' +
    '`/share-links/{token}/content`.',
  requestParams: {
    path: z.object({ token: shareToken }),
    query: z.object({
      cursor: z.string().optional().meta({ description: 'a further page of the photos' }),
      photo: z.string().optional().meta({ description: 'the id of a photo on that page: it is shown alone' }),
      download: z
        .string()
        .optional()
        .meta({ description: "with `photo`: redirects to the photo's original" }),
    }),
  },
  responses: {
    200: respondWith('The page, or the form', WEB_PAGE, 'Vary', 'Cache-Control'),
    302: redirect('To the original'),
    303: redirect('To the list, because the photo is not at this place of it (any more)'),
    ...problems(['invalid_request', 'downloads_not_allowed', 'internal_error']),
    404: respondWith('There is no such link (any more)', WEB_PAGE),
    429: respondWith('Too many requests', WEB_PAGE, 'Retry-After'),
    503: respondWith('The catalog does not respond', WEB_PAGE, 'Retry-After'),
  },
};

const passwordForm: ZodOpenApiRequestBodyObject = {
  required: true,
  content: { 'application/x-www-form-urlencoded': { schema: sharePassword } },
};
const unlockSharePage: ZodOpenApiOperationObject = {
  tags: ['gateway'],
  security: [],
  operationId: 'unlockSharePage',
  summary: 'Exchanges the password from the form of a share page for a cookie that opens only this page',
  description:
    'The cookie is `HttpOnly; SameSite=Strict`, and `Secure` if LAZYPHOTOS_PUBLIC_URL is https. Programs use ' +
    '`/share-links/{token}/unlock`.',
  requestParams: { path: z.object({ token: shareToken }) },
  requestBody: passwordForm,
  responses: {
    303: redirect('To the page'),
    ...problems(['payload_too_large', 'internal_error']),
    400: respondWith(
      'The form again, if it has no password. Or a problem, if the body or the path cannot be read',
      { ...WEB_PAGE, 'application/problem+json': { schema: problemSchema } },
    ),
    403: respondWith('The form again: the password is wrong', WEB_PAGE),
    404: respondWith('There is no such link (any more)', WEB_PAGE),
    429: respondWith('The form again: too many attempts', WEB_PAGE, 'Retry-After'),
    503: respondWith('The catalog does not respond', WEB_PAGE, 'Retry-After'),
  },
};

export const gatewayPaths: ZodOpenApiPathsObject = {
  '/': { get: getNode },
  '/health': {
    get: plainGet('getHealth', 'Whether the gateway runs', respondWith('It runs', json(health))),
  },
  '/health/ready': { get: getReadiness },
  '/docs': {
    get: plainGet('getDocs', 'This document as a page to read', respondWith('The page', WEB_PAGE)),
  },
  '/openapi.json': {
    get: plainGet('getOpenApi', 'This document', respondWith('OpenAPI 3.1', json(openApi))),
  },
  '/docs/openapi.yaml': {
    get: plainGet(
      'getApiDescription',
      'This document in YAML',
      respondWith('OpenAPI 3.1', { 'application/yaml': {} }),
    ),
  },
  '/media/{userId}/{photoId}/{variant}': { get: getMedia },
  '/s/{token}': { get: getSharePage },
  '/s/{token}/unlock': { post: unlockSharePage },
  '/s/{token}/media/{handle}': { get: getShareMedia },
  '/s/{token}/archive': { get: getShareArchive },
};
