import { readFile } from 'node:fs/promises';
import { examples, type OperationExample, sample, samplePicture } from '@lazyphotos/contracts/examples';
import { type HttpReply, http, ownSamplePhotos } from '@lazyphotos/testkit';

/** An operation of the OpenAPI document, with where it stands. */
export interface DocumentedOperation {
  operationId: string;
  method: string;
  path: string;
  security: readonly object[];
  requestBody?: { content: Record<string, object> };
  responses: Record<string, { content?: Record<string, object> }>;
}

/** Every operation of a document, in the order of the examples: those that end what others need come last. */
export function inOrder(document: { paths: Record<string, Record<string, object>> }): DocumentedOperation[] {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => ({ path, method, ...operation }) as DocumentedOperation,
    ),
  );
  const ids = Object.keys(examples);
  const place = ({ operationId }: DocumentedOperation) =>
    ids.indexOf(operationId) + (examples[operationId]?.last ? ids.length : 0);
  return operations.sort((a, b) => place(a) - place(b));
}

/** The kind of a value, down to its last part: names and types, not what they say. A list is the kinds of its items. */
export function shapeOf(value: unknown): unknown {
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    const kinds = new Set(value.map((item) => JSON.stringify(shapeOf(item))));
    return [...kinds].sort().map((kind) => JSON.parse(kind));
  }
  if (typeof value !== 'object') return typeof value;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => [name, shapeOf(part)]),
  );
}

/** Plays the examples on a node. */
export class ExampleRunner {
  /** The node's own value for each of `sample` that is known so far. */
  private readonly known = new Map<string, string>();
  private readonly unknown = new Set<string>(Object.values(sample));

  constructor(
    private readonly url: string,
    private readonly operations: readonly DocumentedOperation[],
    claimCode: string,
  ) {
    this.learn(sample.claimCode, claimCode);
  }

  /** What the example needs first. It is done once, and must succeed. */
  async prepare(id: string): Promise<void> {
    for (const { operation, example } of examples[id]?.before ?? []) {
      const reply = await this.send(this.find(operation), example);
      if (reply.status >= 300) throw new Error(`${operation}, before ${id}: ${reply.status} ${reply.text}`);
      this.learn(example.response, reply.body);
    }
  }

  /** Sends the request of an operation's example. */
  play(id: string): Promise<HttpReply> {
    const example = examples[id];
    if (!example) throw new Error(`${id} has no example: see docs/contributing.md`);
    return this.send(this.find(id), example);
  }

  /** Takes from a response what stands where the example has a value of `sample`; the first that is told counts. */
  learn(said: unknown, real: unknown): void {
    if (typeof said === 'string' && typeof real === 'string') {
      if (this.unknown.delete(said)) this.known.set(said, real);
      else if (said.startsWith('http')) this.learnFromUrl(new URL(said), new URL(real));
    } else if (typeof said === 'object' && said !== null && typeof real === 'object' && real !== null) {
      for (const [name, part] of Object.entries(said))
        this.learn(part, (real as Record<string, unknown>)[name]);
    }
  }

  private learnFromUrl(said: URL, real: URL): void {
    this.learn(said.pathname.split('/'), real.pathname.split('/'));
    this.learn(Object.fromEntries(said.searchParams), Object.fromEntries(real.searchParams));
  }

  private find(id: string): DocumentedOperation {
    const operation = this.operations.find(({ operationId }) => operationId === id);
    if (!operation) throw new Error(`no operation ${id}`);
    return operation;
  }

  private async send(operation: DocumentedOperation, example: OperationExample): Promise<HttpReply> {
    const { token = sample.accessToken, params = {}, query = {}, headers = {}, body, bytes, form } = example;
    const path = operation.path.replace(/\{(\w+)\}/g, (_whole, name: string) =>
      encodeURIComponent(String(this.real(params[name]))),
    );
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) search.set(name, String(this.real(value)));
    const isBinary = operation.requestBody?.content['application/octet-stream'] !== undefined;
    return http(`${this.url}${path}${search.size > 0 ? `?${search}` : ''}`, {
      method: operation.method.toUpperCase(),
      headers: {
        ...(this.real(headers) as Record<string, string>),
        ...(isBinary ? { 'content-type': 'application/octet-stream' } : {}),
        ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(operation.security.length > 0 ? { token: String(this.real(token)) } : {}),
      ...(isBinary
        ? { body: bytes ? new Uint8Array(Buffer.from(bytes, 'base64')) : await pictureBytes() }
        : {}),
      ...(form ? { body: String(new URLSearchParams(form)) } : {}),
      ...(body === undefined ? {} : { json: this.real(body) }),
    });
  }

  /** A value of an example with the node's own values in it. */
  private real(value: unknown): unknown {
    if (typeof value === 'string') {
      if (this.unknown.has(value))
        throw new Error(`no response has told what stands for ${value} in the examples`);
      return this.known.get(value) ?? value;
    }
    if (Array.isArray(value)) return value.map((item) => this.real(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.real(part)]));
  }
}

async function pictureBytes(): Promise<Uint8Array<ArrayBuffer>> {
  const picture = ownSamplePhotos().all.find(({ sha256 }) => sha256 === samplePicture.hash);
  if (!picture) throw new Error(`the testkit has no picture ${samplePicture.hash}`);
  return new Uint8Array(await readFile(picture.path));
}
