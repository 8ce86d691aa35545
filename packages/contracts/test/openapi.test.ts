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
type Schema = Record<string, unknown>;
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Schema>;
    headers: Record<string, unknown>;
    securitySchemes: Record<string, unknown>;
  };
}

/** Every object in a value, with the path to it. */
function* objects(value: unknown, path = '#'): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
  for (const [name, part] of Object.entries(value)) yield* objects(part, `${path}/${name}`);
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
  const ofEndpoints = operations.filter(({ operation }) => !operation.tags.includes('gateway'));
  const eachEndpoint = ofEndpoints.map((entry) => [`${entry.method} ${entry.path}`, entry] as const);

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
    const served = [
      'getNode',
      'getHealth',
      'getReadiness',
      'getDocs',
      'getOpenApi',
      'getApiDescription',
      'getMedia',
      'getShareMedia',
      'getShareArchive',
      'getSharePage',
      'unlockSharePage',
    ];
    expect([...ids].sort()).toEqual([...Object.keys(endpoints), ...served].sort());
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
      const [, kind = '', name = ''] = /^#\/components\/(schemas|headers)\/([\w-]+)$/.exec(reference) ?? [];
      expect([reference, document.components]).toEqual([
        reference,
        expect.objectContaining({ [kind]: expect.objectContaining({ [name]: expect.anything() }) }),
      ]);
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

  const alternativesOf = (id: string): readonly string[] =>
    Object.values<Endpoint>(endpoints).find((endpoint) => endpoint.id === id)?.success.alternatives ?? [];

  test.each(eachEndpoint)('%s describes its responses and who may call it', (_title, { operation }) => {
    const statuses = Object.keys(operation.responses);
    const successes = statuses.filter((status) => /^2\d\d$/.test(status));
    expect(successes).toHaveLength(1);
    for (const [status, { description, content }] of Object.entries(operation.responses)) {
      expect(description.length).toBeGreaterThan(2);
      if (status === '204') expect(content).toBeUndefined();
      else if (status.startsWith('2'))
        expect(Object.keys(content ?? {})).toEqual([
          'application/json',
          ...alternativesOf(operation.operationId),
        ]);
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
    expect(schemaOf('limit')).toEqual({
      type: 'integer',
      format: 'int32',
      minimum: 1,
      maximum: 500,
      default: 100,
    });
    expect(schemaOf('favorite')).toEqual({ type: 'boolean' });
    expect(parameters.find(({ name }) => name === 'limit')?.required ?? false).toBe(false);
  });

  test('a body that may be left out is not required', () => {
    const bodyOf = (path: string) => document.paths[path]?.post?.requestBody;
    expect(bodyOf('/upload-sessions/{id}/complete')?.required).toBe(false);
    expect(bodyOf('/invites')?.required).toBe(false);
    expect(bodyOf('/albums')?.required).toBe(true);
  });

  test('responses may grow: no schema forbids other fields', () => {
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

/** What generators of clients need in order to make good names and types. */
describe('schemas', () => {
  const { components, paths } = parse(openApiYaml()) as Document;
  const { schemas } = components;
  const isObject = (schema: Schema) => 'properties' in schema || 'allOf' in schema || 'oneOf' in schema;
  const nameOf = ({ $ref }: Schema) => String($ref).split('/').at(-1) ?? '';

  /** The schemas inside another one, each with the path to it; parts of an `allOf` are the schema itself. */
  function* inside(schema: Schema, path: string): Generator<[string, Schema]> {
    const {
      properties = {},
      items,
      additionalProperties,
      oneOf = [],
      allOf = [],
    } = schema as {
      properties?: Record<string, Schema>;
      items?: Schema;
      additionalProperties?: Schema;
      oneOf?: Schema[];
      allOf?: Schema[];
    };
    const parts: [string, Schema | undefined][] = [
      ...Object.entries(properties),
      ['[]', items],
      ['{}', additionalProperties],
      ...oneOf.map((part, index): [string, Schema] => [`oneOf ${index}`, part]),
    ];
    for (const [name, part] of parts) {
      if (!part) continue;
      yield [`${path}.${name}`, part];
      yield* inside(part, `${path}.${name}`);
    }
    for (const part of allOf) yield* inside(part, path);
  }

  const nested = Object.entries(schemas).flatMap(([name, schema]) => [...inside(schema, name)]);
  const all = [...Object.entries(schemas), ...nested];
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  const bodies = operations.flatMap(({ operationId, requestBody, responses }) => [
    ...Object.values(requestBody?.content ?? {}).map(
      ({ schema }) => [operationId, schema as Schema] as const,
    ),
    ...Object.values(responses).flatMap(({ content = {} }) =>
      Object.values(content).map(({ schema }) => [operationId, schema as Schema] as const),
    ),
  ]);
  const parameters = operations.flatMap(({ operationId, parameters: of = [] }) =>
    of.map(({ name, schema }) => [`${operationId} ${name}`, schema as Schema] as const),
  );

  test('of requests and responses are named components', () => {
    expect(bodies.length).toBeGreaterThan(100);
    for (const [operationId, schema] of bodies) {
      if (operationId === 'getApiDescription' && schema === undefined) continue; // YAML
      const isText = schema.type === 'string';
      expect([operationId, isText || nameOf(schema) in schemas]).toEqual([operationId, true]);
    }
  });

  test('that are objects are named wherever they stand', () => {
    const inline = nested.filter(([, schema]) => isObject(schema)).map(([path]) => path);
    expect(inline).toEqual([]);
  });

  test('that are enumerations are named, unless they are the constant of one type', () => {
    const values = (schema: Schema) => (Array.isArray(schema.enum) ? schema.enum.length : 0);
    const inline = [...nested, ...parameters]
      .filter(([, schema]) => values(schema) > 1)
      .map(([path]) => path);
    expect(inline).toEqual([]);
    for (const [path, schema] of nested) expect([path, 'const' in schema]).toEqual([path, false]);
  });

  test('that are unions name their parts, each with its own value of the discriminator', () => {
    const unions = all.filter(([, schema]) => 'oneOf' in schema || 'anyOf' in schema);
    expect(unions.map(([name]) => name)).toEqual(['FeedItem']);
    for (const [, union] of unions) {
      const { oneOf, discriminator } = union as {
        oneOf: Schema[];
        discriminator: { propertyName: string; mapping: Record<string, string> };
      };
      expect(Object.values(discriminator.mapping)).toEqual(oneOf.map(({ $ref }) => $ref));
      for (const [value, $ref] of Object.entries(discriminator.mapping)) {
        const part = schemas[nameOf({ $ref })] as { properties: Record<string, Schema>; required: string[] };
        expect(part.properties[discriminator.propertyName]).toEqual({ type: 'string', enum: [value] });
        expect(part.required).toContain(discriminator.propertyName);
      }
    }
  });

  test('have no twin: neither a copy under another name nor one that repeats all fields of another', () => {
    const texts = Object.entries(schemas).map(([name, schema]) => [name, JSON.stringify(schema)] as const);
    expect(new Set(texts.map(([, text]) => text)).size).toBe(texts.length);
    for (const name of Object.keys(schemas)) expect(name).not.toMatch(/(Output|Input|\d)$/);

    const bodies = new Set<string>();
    const visit = (schema: Schema): void => {
      for (const [, { $ref }] of objects(schema)) {
        const name = nameOf({ $ref });
        if (typeof $ref !== 'string' || bodies.has(name)) continue;
        bodies.add(name);
        visit(schemas[name] ?? {});
      }
    };
    for (const { responses } of operations) visit(responses as Schema);
    const fields = [...bodies]
      .map((name) => [name, Object.keys((schemas[name]?.properties as Schema | undefined) ?? {})] as const)
      .filter(([, names]) => names.length > 3);
    for (const [name, names] of fields) {
      const repeaters = fields.filter(
        ([other, more]) => other !== name && names.every((one) => more.includes(one)),
      );
      expect([name, repeaters.map(([other]) => other)]).toEqual([name, []]);
    }
  });

  test('say how large their numbers get, which Kotlin and Java cannot guess', () => {
    const numbers = [...nested, ...parameters].filter(([, { type }]) =>
      [type].flat().some((one) => one === 'integer' || one === 'number'),
    );
    expect(numbers.length).toBeGreaterThan(30);
    for (const [path, { format }] of numbers) {
      expect([path, format]).toEqual([path, expect.stringMatching(/^(int32|int64|double)$/)]);
    }
  });

  test('of single lines want something that is no blank, as the parser does', () => {
    const { name } = (schemas.CreateAlbumRequest as { properties: { name: { pattern: string } } }).properties;
    const samples = [
      'a',
      ' a ',
      'a b',
      '\u00a0é\u3000',
      '😀',
      '',
      ' ',
      '\u2003\ufeff',
      'a\u0007',
      'a\nb',
      '\u0085',
    ];
    for (const sample of samples) {
      const taken = endpoints.createAlbum.body.safeParse({ name: sample }).success;
      expect([sample, new RegExp(name.pattern, 'u').test(sample)]).toEqual([sample, taken]);
    }
  });

  test('of e-mail addresses say which ones are taken', () => {
    const emails = nested.filter(([path]) => /Request\.(email|ownerEmail)$/.test(path));
    expect(emails).toHaveLength(4);
    for (const [, schema] of emails) {
      expect('ann.lee@example.org').toMatch(new RegExp(String(schema.pattern)));
      expect('ann').not.toMatch(new RegExp(String(schema.pattern)));
    }
  });
});

test('the document is the same each time', () => {
  expect(openApiYaml()).toBe(openApiYaml());
});
