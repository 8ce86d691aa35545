import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type Endpoint, endpoints, internalEndpoints, problemCatalog } from '../src/index.js';
import { openApiYaml } from '../src/openapi/yaml.js';

const DOCUMENT = new URL('../../../docs/openapi-mvp.yaml', import.meta.url);

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: unknown;
}
interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  security: Record<string, unknown>[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> };
}

test('docs/openapi-mvp.yaml is up to date', () => {
  if (readFileSync(DOCUMENT, 'utf8') !== openApiYaml()) {
    throw new Error('docs/openapi-mvp.yaml is stale: run `npm run generate:docs`');
  }
});

describe('the OpenAPI document', () => {
  const document = parse(openApiYaml()) as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const each = operations.map((entry) => [`${entry.method} ${entry.path}`, entry] as const);

  /** Every object in a value, with the path to it. */
  function* objects(value: unknown, path = '#'): Generator<[string, Record<string, unknown>]> {
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
    for (const [name, part] of Object.entries(value)) yield* objects(part, `${path}/${name}`);
  }

  test('is of version 3.1 and says what it describes', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({
      title: 'LazyPhotos',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect(Object.keys(document.components.securitySchemes)).toEqual(['bearer']);
  });

  test('has every endpoint once, and no internal one', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(Object.keys(endpoints).sort());
    for (const [key, { id }] of Object.entries<Endpoint>(endpoints)) expect(id).toBe(key);
    const paths = Object.values<Endpoint>(internalEndpoints).map(({ path }) => path);
    for (const path of paths) expect(document.paths).not.toHaveProperty([path]);
  });

  test('has no two paths that differ in the names of their parameters only', () => {
    const shapes = Object.keys(document.paths).map((path) => path.replaceAll(/\{\w+\}/g, '{}'));
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  test('refers to nothing that is not there', () => {
    const references = [...objects(document)].flatMap(([, { $ref }]) =>
      typeof $ref === 'string' ? [$ref] : [],
    );
    expect(references.length).toBeGreaterThan(10);
    for (const reference of new Set(references)) {
      expect(reference).toMatch(/^#\/components\/schemas\/\w+$/);
      expect(document.components.schemas).toHaveProperty([reference.split('/')[3] ?? '']);
    }
  });

  test('has schemas that JSON Schema knows', () => {
    const types = ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null'];
    for (const [path, schema] of objects(document)) {
      if (!/\/(schema|schemas)\//.test(`${path}/`)) continue;
      if (/\/(properties|schemas|schema\/content)$/.test(path)) continue;
      const { type, required, properties, items } = schema;
      if (typeof type === 'string') expect([path, types.includes(type)]).toEqual([path, true]);
      if (Array.isArray(required) && properties) {
        for (const name of required)
          expect([path, properties]).toEqual([path, expect.objectContaining({ [name]: expect.anything() })]);
      }
      if (type === 'array') expect([path, items]).toEqual([path, expect.anything()]);
    }
  });

  test.each(each)('%s declares the parameters of its path, and none twice', (_title, { path, operation }) => {
    const parameters = operation.parameters ?? [];
    const names = parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
    expect(new Set(names).size).toBe(names.length);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = parameters.filter((parameter) => parameter.in === 'path');
    expect(declared.map(({ name }) => name).sort()).toEqual(inPath.sort());
    for (const parameter of declared) expect(parameter.required).toBe(true);
    for (const parameter of parameters) {
      expect(parameter.schema).toBeDefined();
      expect(['path', 'query', 'header']).toContain(parameter.in);
    }
  });

  test.each(each)('%s says what it answers, and who may ask', (_title, { operation }) => {
    const statuses = Object.keys(operation.responses);
    const successes = statuses.filter((status) => /^2\d\d$/.test(status));
    expect(successes).toHaveLength(1);
    for (const [status, { description, content }] of Object.entries(operation.responses)) {
      expect(description.length).toBeGreaterThan(2);
      if (status === '204') expect(content).toBeUndefined();
      else if (status.startsWith('2')) expect(Object.keys(content ?? {})).toEqual(['application/json']);
      else {
        expect(Object.keys(content ?? {})).toEqual(['application/problem+json']);
        for (const code of description.split(', ')) {
          expect(problemCatalog).toHaveProperty([code, 'status'], Number(status));
        }
      }
    }
    for (const status of ['429', '500', '503']) expect(statuses).toContain(status);
    const isProtected = operation.security.length > 0;
    if (isProtected) expect(operation.security).toEqual([{ bearer: [] }]);
    expect(statuses.includes('401') || !isProtected).toBe(true);
    expect(operation.summary.length).toBeGreaterThan(3);
    expect(operation.tags).toHaveLength(1);
  });

  test('describes query parameters as clients see them', () => {
    const parameters = document.paths['/photos']?.get?.parameters ?? [];
    const schemaOf = (name: string) => parameters.find((parameter) => parameter.name === name)?.schema;
    expect(schemaOf('limit')).toEqual({ type: 'integer', minimum: 1, maximum: 500, default: 100 });
    expect(schemaOf('favorite')).toEqual({ type: 'boolean' });
    expect(parameters.find(({ name }) => name === 'limit')?.required ?? false).toBe(false);
  });

  test('a body that may be left out is not required', () => {
    const bodyOf = (path: string) => document.paths[path]?.post?.requestBody;
    expect(bodyOf('/upload-sessions/{id}/complete')?.required).toBe(false);
    expect(bodyOf('/albums')?.required).toBe(true);
  });

  test('answers may grow: none says that there are no other fields', () => {
    for (const { operation } of operations) {
      for (const [, schema] of objects(operation.responses)) {
        expect(schema.additionalProperties).not.toBe(false);
      }
    }
    for (const [, schema] of objects(document.components.schemas)) {
      expect(schema.additionalProperties).not.toBe(false);
    }
  });
});
