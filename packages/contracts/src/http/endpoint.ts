import type { z } from 'zod';
import type { ProblemCode } from './problems.js';

export const SERVICE_NAMES = ['gateway', 'auth', 'upload', 'catalog', 'feed', 'media-worker'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** One operation of the API, by which it is validated, routed and documented. */
export interface Endpoint {
  /** OpenAPI operationId */
  id: string;
  /** The service that handles it; the gateway routes by it. */
  service: ServiceName;
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** OpenAPI notation: /albums/{id} */
  path: string;
  summary: string;
  /** `bearer`: users with an access token. `service`: only the services in `callers`. `none`: everyone. */
  auth: 'bearer' | 'none' | 'service';
  callers?: readonly ServiceName[];
  /** Whether it is available on a node without an owner. */
  whileUnclaimed?: boolean;
  /** Whether `Idempotency-Key` has an effect. */
  idempotencyKey?: boolean;
  /** Whether the unlock token of a share link may be sent as `X-Share-Token`. */
  shareToken?: boolean;
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** JSON body; `binary` is a raw stream that the handler reads itself. */
  body?: z.ZodType | 'binary';
  success: {
    status: 200 | 201 | 202 | 204;
    body?: z.ZodType;
    /** Further media types of the response that a client can request. */
    alternatives?: readonly string[];
    description: string;
  };
  /** Problems of this operation, besides the common ones (validation, authentication, limits, unavailability). */
  problems?: readonly ProblemCode[];
}

export type ParamsOf<E extends Endpoint> = E['params'] extends z.ZodType
  ? z.output<E['params']>
  : Record<string, never>;
export type QueryOf<E extends Endpoint> = E['query'] extends z.ZodType
  ? z.output<E['query']>
  : Record<string, never>;
export type BodyOf<E extends Endpoint> = E['body'] extends z.ZodType ? z.output<E['body']> : undefined;
export type AnswerOf<E extends Endpoint> = E['success']['body'] extends z.ZodType
  ? z.input<E['success']['body']>
  : undefined;

/** Keeps the literal types of an endpoint's schemas. */
export const defineEndpoint = <const E extends Endpoint>(endpoint: E): E => endpoint;

type Specs<Own extends keyof Endpoint> = Record<string, Omit<Endpoint, 'id' | 'service' | 'auth' | Own>>;

const withIds = (specs: Specs<never>, common: Pick<Endpoint, 'service' | 'auth' | 'callers'>) =>
  Object.fromEntries(Object.entries(specs).map(([id, spec]) => [id, { id, ...common, ...spec }]));

/** Defines the public endpoints of a service, whose ids are their names here. An endpoint without `auth` needs an access token. */
export const defineEndpoints = <
  const S extends ServiceName,
  const P extends Record<string, Specs<never>[string] & { auth?: 'none' }>,
>(
  service: S,
  specs: P,
) =>
  withIds(specs, { service, auth: 'bearer' }) as {
    [Id in keyof P]: P[Id] & {
      id: Id & string;
      service: S;
      auth: P[Id] extends { auth: 'none' } ? 'none' : 'bearer';
    };
  };

/** Defines endpoints of a service that only `callers` may call. */
export const defineInternalEndpoints = <const S extends ServiceName, const P extends Specs<'callers'>>(
  service: S,
  callers: readonly ServiceName[],
  specs: P,
) =>
  withIds(specs, { service, auth: 'service', callers }) as {
    [Id in keyof P]: P[Id] & {
      id: Id & string;
      service: S;
      auth: 'service';
      callers: readonly ServiceName[];
    };
  };
