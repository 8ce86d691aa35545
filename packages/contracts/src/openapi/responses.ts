import type { ZodOpenApiResponseObject } from 'zod-openapi';
import { type ProblemCode, problemCatalog, problemSchema } from '../http/problems.js';

const text = { type: 'string' } as const;

/** Every response header that clients may rely on. */
export const responseHeaders = {
  'X-Request-Id': {
    description: 'Stands in the logs of every service that the request touched',
    required: true,
    schema: text,
  },
  'WWW-Authenticate': { description: 'Bearer', required: true, schema: text },
  'Retry-After': { description: 'Seconds after which to try again', schema: { type: 'integer', minimum: 1 } },
  Vary: { description: 'The request headers that the response depends on', required: true, schema: text },
  Location: { description: 'Where to go', required: true, schema: text },
  ETag: { description: 'Strong; stays the same as long as the bytes do', required: true, schema: text },
  'Last-Modified': { description: 'When the bytes were stored', required: true, schema: text },
  'Cache-Control': {
    description: 'For as long as the URL is good, and whether caches that others share may keep it',
    required: true,
    schema: text,
  },
  'Accept-Ranges': { description: 'bytes', required: true, schema: text },
  'Content-Range': {
    description: 'The range that follows, or the size of the whole',
    required: true,
    schema: text,
  },
  'Content-Disposition': {
    description: 'inline for previews, attachment for originals; with the file name',
    required: true,
    schema: text,
  },
} as const;
export type ResponseHeader = keyof typeof responseHeaders;

/** The headers of one response, as references to the components. */
export const header = (...names: ResponseHeader[]): Record<string, { $ref: string }> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const headersOf = (status: number): ResponseHeader[] => {
  if (status === 401) return ['X-Request-Id', 'WWW-Authenticate'];
  return status === 429 || status === 503 ? ['X-Request-Id', 'Retry-After'] : ['X-Request-Id'];
};

/** The responses for these problem codes by status, in rising order. */
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
