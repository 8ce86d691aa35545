import { type Endpoint, endpoints } from '@lazyphotos/contracts';
import { ApiError, NetworkError, UnexpectedResponseError } from './errors.js';
import { isRepeatable, normalizeBaseUrl, prepareRequest } from './request.js';
import { DEFAULT_RETRY_POLICY, type RetryPolicy, retrying } from './retry.js';
import { Session, type TokenStore } from './tokens.js';
import { type Fetch, openOnce, parseJson, type RawResponse, RequestAbort, sendOnce } from './transport.js';
import type { CallInput, CallOptions, EndpointMethod, ResponseOf, UntypedInput } from './types.js';

type Endpoints = typeof endpoints;
/** One method for each operation of the public API, under its operationId. */
export type EndpointMethods = { [Name in keyof Endpoints]: EndpointMethod<Endpoints[Name]> };

export interface ClientOptions {
  /** Address of the node; it may have a path before the API. */
  baseUrl: string;
  tokens: TokenStore;
  fetch?: Fetch;
  retry?: Partial<RetryPolicy>;
}

export interface Readiness {
  ready: boolean;
  /** The dependencies of the node, each `ok` or `failed`. */
  checks: Record<string, string>;
}

export interface Client extends EndpointMethods {
  readonly baseUrl: string;
  readonly retryPolicy: RetryPolicy;
  /** Logs in and stores the tokens. */
  signIn(
    body: CallInput<Endpoints['login']>['body'],
    options?: CallOptions,
  ): Promise<ResponseOf<Endpoints['login']>['user']>;
  /** Registers and stores the tokens. */
  signUp(
    body: CallInput<Endpoints['register']>['body'],
    options?: CallOptions,
  ): Promise<ResponseOf<Endpoints['register']>['user']>;
  /** Ends the session on the node, if it is reachable, and always deletes the tokens. */
  signOut(options?: CallOptions): Promise<{ endedOnServer: boolean }>;
  /** GET /health/ready. */
  readiness(options?: CallOptions): Promise<Readiness>;
  /**
   * Resolves to the report of an import, in pieces as they arrive. It has an entry for each file of the archives, so it may be too long
   * for `getImportReport`, which reads all of it and only as JSON. Retries until the report begins, not afterwards.
   */
  openImportReport(
    input: CallInput<Endpoints['getImportReport']>,
    options?: CallOptions,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** Gets a signed URL, once and without a token. The caller checks the status and reads the body. */
  fetchMedia(url: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Response>;
}

const asInput = (input: unknown): UntypedInput => (input ?? {}) as UntypedInput;

function parseResponse(endpoint: Endpoint, raw: RawResponse): unknown {
  const schema = endpoint.success.body;
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(raw.text));
  if (parsed.success) return parsed.data;
  throw new UnexpectedResponseError(`the response to ${endpoint.id} does not match the API`, {
    cause: parsed.error,
  });
}

/** Returns a typed client of one node for one account. */
export function createClient(options: ClientOptions): Client {
  const { tokens: store, fetch = globalThis.fetch } = options;
  const baseUrl = normalizeBaseUrl(options.baseUrl);
  const policy: RetryPolicy = { ...DEFAULT_RETRY_POLICY, ...options.retry };
  const session = new Session(store, policy, (refreshToken) =>
    callTyped('refresh', { body: { refreshToken } }),
  );

  async function call(
    endpoint: Endpoint,
    input: UntypedInput,
    callOptions: CallOptions = {},
  ): Promise<unknown> {
    return parseResponse(endpoint, await attempts(endpoint, input, callOptions, sendOnce));
  }

  /** Sends a request with its token, and retries if it may be repeated. */
  function attempts<T>(
    endpoint: Endpoint,
    input: UntypedInput,
    callOptions: CallOptions,
    sendBy: (...args: Parameters<typeof sendOnce>) => Promise<T>,
  ): Promise<T> {
    const request = prepareRequest(baseUrl, endpoint, input);
    const send = (token?: string) => sendBy(fetch, request, token, callOptions);
    const attempt = endpoint.auth === 'bearer' ? () => session.authorized(send) : () => send();
    return isRepeatable(endpoint) ? retrying(attempt, policy, callOptions.signal) : attempt();
  }

  function callTyped<Name extends keyof Endpoints>(
    name: Name,
    input: CallInput<Endpoints[Name]>,
    callOptions?: CallOptions,
  ): Promise<ResponseOf<Endpoints[Name]>> {
    return call(endpoints[name], asInput(input), callOptions) as Promise<ResponseOf<Endpoints[Name]>>;
  }

  const methods = Object.fromEntries(
    Object.entries(endpoints).map(([name, endpoint]) => [
      name,
      (input?: unknown, callOptions?: CallOptions) => call(endpoint, asInput(input), callOptions),
    ]),
  ) as unknown as EndpointMethods;

  return {
    ...methods,
    baseUrl,
    retryPolicy: policy,
    signIn: async (body, callOptions) => {
      const response = await callTyped('login', { body }, callOptions);
      await session.adopt(response);
      return response.user;
    },
    signUp: async (body, callOptions) => {
      const response = await callTyped('register', { body }, callOptions);
      await session.adopt(response);
      return response.user;
    },
    signOut: async (callOptions) => {
      const current = await session.current();
      const endedOnServer =
        current === undefined || (await endSession(() => methods.logout({ body: current }, callOptions)));
      await session.forget();
      return { endedOnServer };
    },
    openImportReport: (input, callOptions = {}) =>
      attempts(endpoints.getImportReport, asInput(input), callOptions, openOnce),
    readiness: (callOptions) => readiness(fetch, baseUrl, callOptions),
    fetchMedia: (url, headers, signal) => fetchMedia(fetch, url, headers, signal),
  };
}

/** Resolves to false if the node did not respond or refused. */
async function endSession(logout: () => Promise<unknown>): Promise<boolean> {
  try {
    await logout();
    return true;
  } catch (error) {
    if (error instanceof ApiError || error instanceof NetworkError) return false;
    throw error;
  }
}

async function readiness(fetch: Fetch, baseUrl: string, options: CallOptions = {}): Promise<Readiness> {
  const stop = new RequestAbort(options.signal, options.idleTimeoutMs ?? 10_000);
  try {
    const response = await fetch(`${baseUrl}/health/ready`, { signal: stop.signal });
    const body = parseJson(await response.text()) as { checks?: unknown } | null | undefined;
    const checks =
      typeof body?.checks === 'object' && body.checks !== null ? Object.entries(body.checks) : [];
    return {
      ready: response.ok,
      checks: Object.fromEntries(checks.map(([name, state]) => [name, String(state)])),
    };
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    throw new NetworkError(new URL(baseUrl).origin, error);
  } finally {
    stop.end();
  }
}

async function fetchMedia(
  fetch: Fetch,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(url, { headers, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new NetworkError(new URL(url).origin, error);
  }
}
