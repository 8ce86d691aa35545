import { describe, expect, test } from '@jest/globals';
import { examples } from '../src/examples/index.js';
import { type Endpoint, endpoints } from '../src/index.js';
import { openApiJson } from '../src/openapi/yaml.js';

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; required?: boolean; example?: unknown }[];
  requestBody?: { required?: boolean; content: Record<string, { example?: unknown }> };
  responses: Record<string, { content?: Record<string, { example?: unknown; schema?: { $ref?: string } }> }>;
}

const document: { paths: Record<string, Record<string, Operation>> } = JSON.parse(openApiJson());
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

describe('examples', () => {
  test('exist for each operation, and for nothing else', () => {
    const ids = operations.map(({ operationId }) => operationId);
    // A new operation gets its example in src/examples/<area>.ts: see docs/contributing.md.
    expect(Object.keys(examples).sort()).toEqual(ids.sort());
  });

  test.each(operations.map((operation) => [operation.operationId, operation] as const))(
    'of %s stand in the document',
    (_, { parameters = [], requestBody, responses }) => {
      const withoutValue = parameters.filter(({ required, example }) => required && example === undefined);
      expect(withoutValue.map(({ name }) => name)).toEqual([]);
      const body = requestBody?.content['application/json'];
      if (body && requestBody?.required) expect(body.example).toBeDefined();
      const success = Object.keys(responses).find((status) => status.startsWith('2')) ?? '';
      const response = responses[success]?.content?.['application/json'];
      // The document does not hold itself.
      if (response && !response.schema?.$ref?.endsWith('/OpenApiDocument'))
        expect(response.example).toBeDefined();
    },
  );

  test.each(Object.entries<Endpoint>(endpoints))(
    'of %s are what the node takes and gives',
    (id, endpoint) => {
      const { params, query = {}, body, response } = examples[id] ?? {};
      const texts = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
      const parse = (schema: { parse(value: unknown): unknown } | undefined, value: unknown) =>
        schema && expect(() => schema.parse(value)).not.toThrow();
      parse(endpoint.params, params);
      parse(endpoint.query, texts);
      if (endpoint.body !== 'binary') parse(endpoint.body, body);
      parse(endpoint.success.body, response);
      const known = [endpoint.params, endpoint.query].flatMap((schema) => Object.keys(schema?.shape ?? {}));
      for (const name of Object.keys({ ...params, ...query })) expect(known).toContain(name);
    },
  );
});
