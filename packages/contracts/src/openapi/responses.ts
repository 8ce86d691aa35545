import type { ZodOpenApiResponseObject } from 'zod-openapi';
import { type ProblemCode, problemCatalog, problemSchema } from '../http/problems.js';

const TEXT = { type: 'string' } as const;

/** The response headers on which clients may rely. */
export const responseHeaders = {
  'X-Request-Id': {
    description: 'Is in the logs of every service that handled the request',
    required: true,
    schema: TEXT,
  },
  'WWW-Authenticate': { description: 'Bearer', required: true, schema: TEXT },
  'Retry-After': { description: 'Seconds after which to try again', schema: { type: 'integer', minimum: 1 } },
  Vary: { description: 'The request headers that the response depends on', required: true, schema: TEXT },
  Location: { description: 'The address of the redirect', required: true, schema: TEXT },
  ETag: {
    description: 'Strong; does not change as long as the file does not change',
    required: true,
    schema: TEXT,
  },
  'Last-Modified': { description: 'When the file was stored', required: true, schema: TEXT },
  'Cache-Control': {
    description: 'Until the URL expires; says whether shared caches may keep the file',
    required: true,
    schema: TEXT,
  },
  'Accept-Ranges': { description: 'bytes', required: true, schema: TEXT },
  'Content-Range': {
    description: 'The range of the response, or the size of the whole file',
    required: true,
    schema: TEXT,
  },
  'Content-Disposition': {
    description: 'inline for previews, attachment for originals; with the file name',
    required: true,
    schema: TEXT,
  },
} as const;
export type ResponseHeader = keyof typeof responseHeaders;

/** Returns the headers of one response, as references to the components. */
export const header = (...names: ResponseHeader[]): Record<string, { $ref: string }> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const headersOf = (status: number): ResponseHeader[] => {
  if (status === 401) return ['X-Request-Id', 'WWW-Authenticate'];
  return [429, 503, 507].includes(status) ? ['X-Request-Id', 'Retry-After'] : ['X-Request-Id'];
};

/** Returns the responses for these problem codes by status, in ascending order. */
export function problems(
  codes: Iterable<ProblemCode>,
  ...more: ResponseHeader[]
): Record<string, ZodOpenApiResponseObject> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set(codes)) {
    const { status } = problemCatalog[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, ofStatus]) => [
        String(status),
        {
          description: ofStatus.join(', '),
          headers: header(...headersOf(status), ...more),
          content: { 'application/problem+json': { schema: problemSchema } },
        },
      ]),
  );
}
