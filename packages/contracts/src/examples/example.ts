import type { z } from 'zod';
import type { Endpoint } from '../http/endpoint.js';
import type { endpoints } from '../http/index.js';

type Values = Readonly<Record<string, string | number | boolean>>;

/**
 * A request and its response, as the documentation shows them. A test sends each to a real node, in the order of the files, with
 * that node's ids, tokens and codes in place of those of `sample`.
 */
export interface OperationExample {
  /** The access token, where it is not `sample.accessToken`. */
  token?: string;
  params?: Values;
  query?: Values;
  headers?: Values;
  /** JSON. */
  body?: unknown;
  /** Of a binary body, in base64; absent: the bytes of `samplePicture`. */
  bytes?: string;
  /** In place of `body`: the fields of a form. */
  form?: Readonly<Record<string, string>>;
  /** JSON, of the status with which the operation succeeds. */
  response?: unknown;
  /** Requests that make what this one needs, where the examples before it do not. They are not part of the documentation. */
  before?: readonly { operation: string; example: OperationExample }[];
  /** For an operation that ends what other examples need: the test runs it after all others. */
  last?: boolean;
}

type Body<E extends Endpoint> = E['body'] extends z.ZodType ? z.input<E['body']> : undefined;
type Response<E extends Endpoint> = E['success']['body'] extends z.ZodType
  ? z.output<E['success']['body']>
  : undefined;
type ExampleOf<E extends Endpoint> = Omit<OperationExample, 'body' | 'response'> &
  (undefined extends Body<E> ? { body?: Body<E> } : { body: Body<E> }) &
  (undefined extends Response<E> ? { response?: undefined } : { response: Response<E> });

/** Examples by operation id, with the types of their endpoints. */
export type EndpointExamples = {
  readonly [Id in keyof typeof endpoints]?: ExampleOf<(typeof endpoints)[Id]>;
};
