import { examples, type OperationExample } from '../examples/index.js';

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

function addTo(operation: Operation, example: OperationExample): void {
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

/** Puts the examples of src/examples into the operations of a finished document. */
export function addExamples(paths: object): void {
  for (const methods of Object.values<Record<string, Operation>>(paths as Record<string, never>)) {
    for (const operation of Object.values(methods)) {
      const example = examples[operation.operationId];
      if (example) addTo(operation, example);
    }
  }
}
