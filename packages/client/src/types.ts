import type { Endpoint } from '@lazyphotos/contracts';
import type { z } from 'zod';

/** Bytes that can be read again, if the request has to be repeated. */
export interface BinaryBody {
  /** The exact number of bytes of `open`. */
  length: number;
  open(): AsyncIterable<Uint8Array>;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Fails when no byte is sent or received for this long. */
  idleTimeoutMs?: number;
}

/** Any type with only optional fields is assignable to it. */
type NoFields = Record<never, never>;
type Simple = string | number | boolean;
/** The type of a query parameter: the parsed value if it is simple (a number), otherwise the text that is sent. */
type QueryValue<In, Out> = [Exclude<Out, undefined>] extends [Simple]
  ? Exclude<Out, undefined>
  : Exclude<In, undefined>;
type QueryFields<In, Out> = {
  [K in keyof In as undefined extends In[K] ? never : K]: QueryValue<In[K], Out[K & keyof Out]>;
} & {
  [K in keyof In as undefined extends In[K] ? K : never]?: QueryValue<In[K], Out[K & keyof Out]> | undefined;
};

type Body<E extends Endpoint> = E['body'] extends 'binary'
  ? BinaryBody
  : E['body'] extends z.ZodType
    ? z.input<E['body']>
    : never;
type Part<Name extends string, Value> = [Value] extends [never]
  ? unknown
  : undefined extends Value
    ? { [K in Name]?: Value }
    : NoFields extends Value
      ? { [K in Name]?: Value }
      : { [K in Name]: Value };

/** `{ params, query, body }`, those that the endpoint has. */
export type CallInput<E extends Endpoint> = Part<
  'params',
  E['params'] extends z.ZodType ? z.input<E['params']> : never
> &
  Part<
    'query',
    E['query'] extends z.ZodType ? QueryFields<z.input<E['query']>, z.output<E['query']>> : never
  > &
  Part<'body', Body<E>>;

export type ResponseOf<E extends Endpoint> = E['success']['body'] extends z.ZodType
  ? z.output<E['success']['body']>
  : undefined;

/** One method of the client. */
export type EndpointMethod<E extends Endpoint> =
  NoFields extends CallInput<E>
    ? (input?: CallInput<E>, options?: CallOptions) => Promise<ResponseOf<E>>
    : (input: CallInput<E>, options?: CallOptions) => Promise<ResponseOf<E>>;

/** A `CallInput` without its types. */
export interface UntypedInput {
  params?: Readonly<Record<string, unknown>>;
  query?: Readonly<Record<string, unknown>>;
  body?: unknown;
}
