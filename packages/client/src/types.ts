import type { Endpoint } from '@lazyphotos/contracts';
import type { z } from 'zod';

/** Bytes that can be read again, should the request have to be repeated. */
export interface BinaryBody {
  /** Exactly what `open` gives. */
  length: number;
  open(): AsyncIterable<Uint8Array>;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Gives up when nothing moves for this long, in either direction. */
  idleTimeoutMs?: number;
}

/** What is assignable to it asks for nothing: every field is optional. */
type NoFields = Record<never, never>;
type Simple = string | number | boolean;
/** What a caller passes for a query parameter: the parsed value where it is simple (a number), else the text as it is sent. */
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

/** `{ params, query, body }`, as far as the endpoint has them. */
export type CallInput<E extends Endpoint> = Part<
  'params',
  E['params'] extends z.ZodType ? z.input<E['params']> : never
> &
  Part<
    'query',
    E['query'] extends z.ZodType ? QueryFields<z.input<E['query']>, z.output<E['query']>> : never
  > &
  Part<'body', Body<E>>;

export type Answer<E extends Endpoint> = E['success']['body'] extends z.ZodType
  ? z.output<E['success']['body']>
  : undefined;

/** One method of the client. */
export type EndpointMethod<E extends Endpoint> =
  NoFields extends CallInput<E>
    ? (input?: CallInput<E>, options?: CallOptions) => Promise<Answer<E>>
    : (input: CallInput<E>, options?: CallOptions) => Promise<Answer<E>>;

/** The same, with the types forgotten. */
export interface UntypedInput {
  params?: Readonly<Record<string, unknown>>;
  query?: Readonly<Record<string, unknown>>;
  body?: unknown;
}
