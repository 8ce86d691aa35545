import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { examples } from '@lazyphotos/contracts/examples';
import { openApiJson } from '@lazyphotos/contracts/openapi';
import { describeWithPostgres, eventually, type HttpReply } from '@lazyphotos/testkit';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type DocumentedOperation, ExampleRunner, inOrder, shapeOf } from './support/example-runner.js';
import { createNodeFolder, type NodeFolder } from './support/node-process.js';

const document = JSON.parse(openApiJson());
const operations = inOrder(document);

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, 'document');

/** The errors of a response body against the schema that the document has for it. */
function schemaErrors({ path, method, responses }: DocumentedOperation, status: string, body: unknown) {
  if (!responses[status]?.content?.['application/json']) return [];
  const pointer = ['paths', path, method, 'responses', status, 'content', 'application/json', 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  ajv.validate({ $ref: `document#/${pointer}` }, body);
  return ajv.errors ?? [];
}

/** Lists may have items of more kinds than the example shows; everything else is as the example says. */
function expectShape(said: unknown, real: unknown): void {
  if (!Array.isArray(said) || !Array.isArray(real)) {
    if (typeof said !== 'object' || said === null || typeof real !== 'object' || real === null)
      expect(shapeOf(real)).toEqual(shapeOf(said));
    else {
      expect(Object.keys(real).sort()).toEqual(Object.keys(said).sort());
      for (const [name, part] of Object.entries(said))
        expectShape(part, (real as Record<string, unknown>)[name]);
    }
    return;
  }
  expect(shapeOf(real)).toEqual(expect.arrayContaining(shapeOf(said) as unknown[]));
}

describe('the check of shapes', () => {
  test('sees a field too many, one too few, another type, and an item that does not occur', () => {
    const said = { id: 'a', tags: ['x'], items: [{ type: 'photo', size: 1 }] };
    expectShape(said, { id: 'b', tags: ['y', 'z'], items: [{ type: 'album' }, { type: 'q', size: 2 }] });
    for (const real of [
      { ...said, more: 1 },
      { id: 'b', tags: ['y'] },
      { ...said, id: null },
      { ...said, tags: [] },
      { ...said, items: [{ type: 'photo' }] },
    ])
      expect(() => expectShape(said, real)).toThrow();
  });
});

/** The tests build on each other: each operation is tried once, on one node, in the order of the examples. */
describeWithPostgres('the examples of the documentation, on a new node', () => {
  let folder: NodeFolder;
  let runner: ExampleRunner;

  beforeAll(async () => {
    folder = await createNodeFolder();
    const node = await folder.start({ LAZYPHOTOS_REQUESTS_PER_MINUTE: '100000' });
    runner = new ExampleRunner(node.url, operations, node.claimCode());
  });
  afterAll(() => folder?.remove());

  test.each(operations.map((operation) => [operation.operationId, operation] as const))(
    '%s works as it is shown',
    async (id, operation) => {
      const { response } = examples[id] ?? {};
      const status = Object.keys(operation.responses).find((code) => /^[23]/.test(code)) ?? '';
      const check = (reply: HttpReply) => {
        expect([id, String(reply.status), reply.status < 400 ? '' : reply.text]).toEqual([id, status, '']);
        expect(schemaErrors(operation, status, reply.body)).toEqual([]);
        if (response !== undefined) expectShape(response, reply.body);
        return reply;
      };
      await runner.prepare(id);
      // What a photo's processing and the feed show comes a moment later; a GET may be asked again.
      const reply =
        operation.method === 'get'
          ? await eventually(async () => check(await runner.play(id)))
          : check(await runner.play(id));
      runner.learn(response, reply.body);
    },
  );
});
