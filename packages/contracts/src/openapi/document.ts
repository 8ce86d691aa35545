import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import type { Endpoint } from '../http/endpoint.js';
import { endpoints } from '../http/index.js';
import type { ProblemCode } from '../http/problems.js';
import { VERSION } from '../version.js';
import { addExamples } from './examples.js';
import { gatewayPaths } from './gateway.js';
import { renderForClients } from './render.js';
import { header, problems, responseHeaders } from './responses.js';

const requestIdHeader = {
  name: 'X-Request-Id',
  in: 'header',
  required: false,
  description:
    'Taken from the request or made; returned, and logged by each service that the request touches',
  schema: { type: 'string' },
} as const;
const idempotencyHeader = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'A repeated request with the same key gets the response of the first one',
  schema: { type: 'string', minLength: 1, maxLength: 200, pattern: '^[!-~]+$' },
} as const;
const contentDigestHeader = {
  name: 'Content-Digest',
  in: 'header',
  required: false,
  description: 'RFC 9530, sha-256=:base64:; verified when given',
  schema: { type: 'string' },
} as const;

const shareTokenHeader = {
  name: 'X-Share-Token',
  in: 'header',
  required: false,
  description: 'From the unlock of a share link that has a password',
  schema: { type: 'string' },
} as const;

/** The codes that an operation may respond with: its own, and those of the steps that every request goes through. */
function problemCodes(endpoint: Endpoint): ProblemCode[] {
  const codes: ProblemCode[] = ['rate_limited', 'internal_error', 'service_unavailable'];
  const hasJsonBody = endpoint.body !== undefined && endpoint.body !== 'binary';
  if (endpoint.params || endpoint.query || endpoint.body) codes.push('invalid_request');
  if (hasJsonBody) codes.push('malformed_json', 'payload_too_large');
  if (endpoint.params) codes.push('not_found');
  if (endpoint.auth === 'bearer') codes.push('unauthenticated');
  if (!endpoint.whileUnclaimed) codes.push('server_unclaimed');
  return [...codes, ...(endpoint.problems ?? [])];
}

function requestBody(endpoint: Endpoint): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  if (!endpoint.body) return {};
  if (endpoint.body === 'binary') {
    const schema = { type: 'string', format: 'binary' } as const;
    return { requestBody: { required: true, content: { 'application/octet-stream': { schema } } } };
  }
  const required = !endpoint.body.safeParse(undefined).success;
  return { requestBody: { required, content: { 'application/json': { schema: endpoint.body } } } };
}

function operation(endpoint: Endpoint): ZodOpenApiOperationObject {
  const { success } = endpoint;
  const parameters = [
    requestIdHeader,
    ...(endpoint.idempotencyKey ? [idempotencyHeader] : []),
    ...(endpoint.body === 'binary' ? [contentDigestHeader] : []),
    ...(endpoint.shareToken ? [shareTokenHeader] : []),
  ];
  return {
    operationId: endpoint.id,
    summary: endpoint.summary,
    tags: [endpoint.service],
    security: endpoint.auth === 'bearer' ? [{ bearer: [] }] : [],
    parameters,
    requestParams: {
      ...(endpoint.params ? { path: endpoint.params } : {}),
      ...(endpoint.query ? { query: endpoint.query } : {}),
    },
    ...requestBody(endpoint),
    responses: {
      [String(success.status)]: {
        description: success.description,
        headers: header('X-Request-Id'),
        ...(success.body
          ? {
              content: {
                'application/json': { schema: success.body },
                ...Object.fromEntries(
                  (success.alternatives ?? []).map((type) => [type, { schema: { type: 'string' } }]),
                ),
              },
            }
          : {}),
      },
      ...problems(problemCodes(endpoint)),
    },
  };
}

const description = `Photo backup for a family, at home. One node serves one family; its address differs from house to house.

Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\`. A path that is not in this document responds with 404
\`not_found\`, a method that a path does not have with 405 \`method_not_allowed\` and \`Allow\`. Responses may get new fields, and
enumerations new values: a client must ignore what it does not know.`;

const tags = [
  { name: 'auth', description: 'The node and its owner, accounts, sessions, devices, invites' },
  { name: 'upload', description: 'Photos on their way in, chunk by chunk' },
  { name: 'catalog', description: 'Photos, albums and share links' },
  { name: 'feed', description: 'What changed since a cursor' },
  { name: 'gateway', description: 'Signed media, pictures of share links, health, this document' },
];

/** The OpenAPI 3.1 document of the public API, made of the endpoints and of what the gateway itself serves. */
export function openApiDocument(): ReturnType<typeof createDocument> {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const endpoint of Object.values<Endpoint>(endpoints)) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operation(endpoint) };
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: {
      title: 'LazyPhotos',
      version: VERSION,
      summary: 'Photo backup for a family, at home',
      description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://localhost:8080', description: 'A node on this computer' }],
    tags,
    components: {
      headers: { ...responseHeaders },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
    paths: { ...(paths as ZodOpenApiPathsObject), ...gatewayPaths },
  };
  const made = createDocument(document, { override: renderForClients });
  addExamples(made.paths ?? {});
  return made;
}
