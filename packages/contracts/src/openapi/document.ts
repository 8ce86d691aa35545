import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import { examples, type OperationExample } from '../examples/index.js';
import type { Endpoint } from '../http/endpoint.js';
import { endpoints } from '../http/index.js';
import type { ProblemCode } from '../http/problems.js';
import { VERSION } from '../version.js';
import { gatewayPaths } from './gateway.js';
import { renderForClients } from './render.js';
import { header, problems, responseHeaders } from './responses.js';

const headerParameter = (name: string, description: string, schema: object = {}) => ({
  name,
  in: 'header' as const,
  required: false,
  description,
  schema: { type: 'string' as const, ...schema },
});
const requestIdHeader = headerParameter(
  'X-Request-Id',
  'Taken from the request or generated; returned, and logged by each service that handles the request',
);
const idempotencyHeader = headerParameter(
  'Idempotency-Key',
  'A repeated request with the same key gets the response of the first one',
  { minLength: 1, maxLength: 200, pattern: '^[!-~]+$' },
);
const contentDigestHeader = headerParameter(
  'Content-Digest',
  'RFC 9530, sha-256=:base64:; verified if given',
);
const shareTokenHeader = headerParameter(
  'X-Share-Token',
  'From the unlock of a share link that has a password',
);

/** Returns the problem codes of an operation: its own, and those of the steps that every request passes. */
function problemCodes(endpoint: Endpoint): ProblemCode[] {
  const codes: ProblemCode[] = ['rate_limited', 'internal_error', 'service_unavailable'];
  const hasJsonBody = endpoint.body !== undefined && endpoint.body !== 'binary';
  if (endpoint.params || endpoint.query || endpoint.body) codes.push('invalid_request');
  if (endpoint.body) codes.push('request_timeout');
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

const DESCRIPTION = `Photo backup for a family, at home. One node serves one family; each node has its own address.

Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\`. A path that is not in this document gives 404
\`not_found\`, a method that a path does not have gives 405 \`method_not_allowed\` and \`Allow\`. Responses may get new fields, and
enumerations new values: a client must ignore those that it does not know.`;

const TAGS = [
  { name: 'auth', description: 'The node and its owner, accounts, sessions, devices, invites' },
  { name: 'upload', description: 'Uploads of photos in chunks, imports, archives' },
  { name: 'catalog', description: 'Photos, albums and share links' },
  { name: 'feed', description: 'Changes since a cursor' },
  { name: 'gateway', description: 'Signed media, pictures of share links, health, this document' },
];

/** Returns the OpenAPI 3.1 document of the public API: the endpoints, and the routes of the gateway itself. */
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
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://localhost:8080', description: 'A node on this computer' }],
    tags: TAGS,
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

interface Content {
  [type: string]: { example?: unknown };
}
interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; example?: unknown }[];
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
}

const placeOf = (example: OperationExample, place: string): Readonly<Record<string, unknown>> | undefined =>
  ({ path: example.params, query: example.query, header: example.headers })[place];

function addExample(operation: Operation, example: OperationExample): void {
  for (const parameter of operation.parameters ?? []) {
    const value = placeOf(example, parameter.in)?.[parameter.name];
    if (value !== undefined) parameter.example = value;
  }
  const body = operation.requestBody?.content['application/json'];
  if (body && example.body !== undefined) body.example = example.body;
  const form = operation.requestBody?.content['application/x-www-form-urlencoded'];
  if (form && example.form !== undefined) form.example = example.form;
  const success = Object.keys(operation.responses).find((status) => status.startsWith('2')) ?? '';
  const response = operation.responses[success]?.content?.['application/json'];
  if (response && example.response !== undefined) response.example = example.response;
}

/** Adds the examples of src/examples to the operations of a finished document. */
function addExamples(paths: object): void {
  for (const methods of Object.values<Record<string, Operation>>(paths as Record<string, never>)) {
    for (const operation of Object.values(methods)) {
      const example = examples[operation.operationId];
      if (example) addExample(operation, example);
    }
  }
}
