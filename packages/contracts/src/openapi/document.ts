import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import type { Endpoint } from '../http/endpoint.js';
import { endpoints } from '../http/index.js';
import { type ProblemCode, problemCatalog, problemSchema } from '../http/problems.js';

const requestIdHeader = {
  name: 'X-Request-Id',
  in: 'header',
  required: false,
  description: 'Taken over or made; answered, and logged by each service that the request touches',
  schema: { type: 'string' },
} as const;
const idempotencyHeader = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Repeating a request with the same key answers what the first one answered',
  schema: { type: 'string', minLength: 1, maxLength: 200 },
} as const;
const contentDigestHeader = {
  name: 'Content-Digest',
  in: 'header',
  required: false,
  description: 'RFC 9530, sha-256=:base64:; verified when given',
  schema: { type: 'string' },
} as const;

/** The codes that an operation may answer, by status. */
function problemsByStatus(endpoint: Endpoint): Map<number, ProblemCode[]> {
  const codes = new Set<ProblemCode>(['rate_limited', 'internal_error', 'service_unavailable']);
  if (endpoint.params || endpoint.query || endpoint.body) codes.add('invalid_request');
  if (endpoint.body && endpoint.body !== 'binary') codes.add('malformed_json');
  if (endpoint.auth === 'bearer') codes.add('unauthenticated');
  if (!endpoint.whileUnclaimed) codes.add('server_unclaimed');
  for (const code of endpoint.problems ?? []) codes.add(code);
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = problemCatalog[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return new Map([...byStatus].sort(([a], [b]) => a - b));
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
  ];
  const problems = [...problemsByStatus(endpoint)].map(([status, codes]) => [
    String(status),
    { description: codes.join(', '), content: { 'application/problem+json': { schema: problemSchema } } },
  ]);
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
        ...(success.body ? { content: { 'application/json': { schema: success.body } } } : {}),
      },
      ...Object.fromEntries(problems),
    },
  };
}

/** The OpenAPI 3.1 document of the public API, made of the endpoints alone. */
export function openApiDocument(): ReturnType<typeof createDocument> {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const endpoint of Object.values<Endpoint>(endpoints)) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operation(endpoint) };
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: {
      title: 'LazyPhotos',
      version: '0.1.0',
      summary: 'Photo backup for a family, at home',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://localhost:8080' }],
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    paths: paths as ZodOpenApiPathsObject,
  };
  return createDocument(document, {
    override: ({ jsonSchema, io }) => {
      // Answers may grow new fields, so clients must not be told that there are none.
      if (io === 'output') delete jsonSchema.additionalProperties;
      // `format` says it; the regular expression would only drown the page.
      if (jsonSchema.format === 'uuid' || jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  });
}
