import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { id } from '../http/primitives.js';
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

const getApiDescription: ZodOpenApiOperationObject = {
  ...open,
  operationId: 'getApiDescription',
  summary: 'This document',
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
  summary: 'Leads to this document',
  responses: {
    302: { description: 'To /docs/openapi.yaml', headers: header('X-Request-Id', 'Location') },
    ...problems(['internal_error']),
  },
};

const picture = { 'image/*': { schema: { type: 'string', format: 'binary' } } } as const;
const pictureHeaders = ['X-Request-Id', 'ETag', 'Last-Modified', 'Cache-Control', 'Accept-Ranges'] as const;

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
    header: z.object({
      Range: z
        .string()
        .optional()
        .meta({ description: 'one range of bytes; several, or a malformed one, give the whole' }),
      'If-Range': z
        .string()
        .optional()
        .meta({ description: 'an ETag: the range counts only for this version' }),
      'If-None-Match': z.string().optional().meta({ description: 'ETags of the copies that the client has' }),
      'If-Modified-Since': z
        .string()
        .optional()
        .meta({ description: 'looked at without If-None-Match only' }),
    }),
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

export const gatewayPaths: ZodOpenApiPathsObject = {
  '/health': { get: getHealth },
  '/health/ready': { get: getReadiness },
  '/docs': { get: getDocs },
  '/docs/openapi.yaml': { get: getApiDescription },
  '/media/{userId}/{photoId}/{variant}': { get: getMedia },
};
