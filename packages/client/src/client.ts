import { type Endpoint, endpoints } from '@lazyphotos/contracts';
import { ApiError, NetworkError, UnexpectedAnswerError } from './errors.js';
import { isRepeatable, normalizeBaseUrl, prepareRequest } from './request.js';
import { type RetryPolicy, defaultRetryPolicy, retrying } from './retry.js';
import { type TokenStore, createSession } from './tokens.js';
import { type Fetch, type RawAnswer, createWatchdog, linkedAbort, openOnce, parseJson, sendOnce } from './transport.js';
import type { Answer, CallInput, CallOptions, EndpointMethod, UntypedInput } from './types.js';

type Endpoints = typeof endpoints;
/** One method for each operation of the public API, under its operationId. */
export type EndpointMethods = { [Name in keyof Endpoints]: EndpointMethod<Endpoints[Name]> };

export interface ClientOptions {
  /** Address of the node; a path in front of the API is fine. */
  baseUrl: string;
  tokens: TokenStore;
  fetch?: Fetch;
  retry?: Partial<RetryPolicy>;
}

export interface Readiness {
  ready: boolean;
  /** What the node depends on, each `ok` or `failed`. */
  checks: Record<string, string>;
}

export interface Client extends EndpointMethods {
  readonly baseUrl: string;
  readonly retryPolicy: RetryPolicy;
  /** Logs in and keeps the tokens. */
  signIn(
    body: CallInput<Endpoints['login']>['body'],
    options?: CallOptions,
  ): Promise<Answer<Endpoints['login']>['user']>;
  /** Registers and keeps the tokens. */
  signUp(
    body: CallInput<Endpoints['register']>['body'],
    options?: CallOptions,
  ): Promise<Answer<Endpoints['register']>['user']>;
  /** Ends the session on the node, if it can be reached, and forgets the tokens in any case. */
  signOut(options?: CallOptions): Promise<{ endedOnServer: boolean }>;
  /** GET /health/ready. */
  readiness(options?: CallOptions): Promise<Readiness>;
  /**
   * The report of an import, byte by byte as it arrives: it has an entry for each file of the archives, so it may be too long for
   * `getImportReport`, which reads it as a whole and takes JSON only. Repeated until it begins, not afterwards.
   */
  openImportReport(
    input: CallInput<Endpoints['getImportReport']>,
    options?: CallOptions,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** GETs a signed URL, once and without a token. The caller reads the body; any status is an answer. */
  fetchMedia(url: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Response>;
}

const asInput = (input: unknown): UntypedInput => (input ?? {}) as UntypedInput;

function answerOf(endpoint: Endpoint, raw: RawAnswer): unknown {
  const schema = endpoint.success.body;
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(raw.text));
  if (parsed.success) return parsed.data;
  throw new UnexpectedAnswerError(`the answer to ${endpoint.id} is not what the API promises`, {
    cause: parsed.error,
  });
}

/** A typed client of one node for one account. */
export function createClient(options: ClientOptions): Client {
  const { tokens: store, fetch = globalThis.fetch } = options;
  const baseUrl = normalizeBaseUrl(options.baseUrl);
  const policy: RetryPolicy = { ...defaultRetryPolicy, ...options.retry };
  const session = createSession({
    store,
    policy,
    refresh: (refreshToken) => callTyped('refresh', { body: { refreshToken } }),
  });

  async function call(
    endpoint: Endpoint,
    input: UntypedInput,
    callOptions: CallOptions = {},
  ): Promise<unknown> {
    return answerOf(endpoint, await attempts(endpoint, input, callOptions, sendOnce));
  }

  /** Sends a request as often as it may be sent, with the token that it needs. */
  function attempts<T>(
    endpoint: Endpoint,
    input: UntypedInput,
    callOptions: CallOptions,
    sendBy: (...args: Parameters<typeof sendOnce>) => Promise<T>,
  ): Promise<T> {
    const request = prepareRequest(baseUrl, endpoint, input);
    const send = (token?: string) => sendBy(fetch, request, token, callOptions);
    const attempt = endpoint.auth === 'bearer' ? () => session.authorized(send) : () => send();
    return isRepeatable(endpoint) ? retrying(attempt, { policy, signal: callOptions.signal }) : attempt();
  }

  function callTyped<Name extends keyof Endpoints>(
    name: Name,
    input: CallInput<Endpoints[Name]>,
    callOptions?: CallOptions,
  ): Promise<Answer<Endpoints[Name]>> {
    return call(endpoints[name], asInput(input), callOptions) as Promise<Answer<Endpoints[Name]>>;
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
      const answer = await callTyped('login', { body }, callOptions);
      await session.adopt(answer);
      return answer.user;
    },
    signUp: async (body, callOptions) => {
      const answer = await callTyped('register', { body }, callOptions);
      await session.adopt(answer);
      return answer.user;
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

/** False when the node could not be told. */
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
  const stop = linkedAbort(options.signal);
  const watchdog = createWatchdog(options.idleTimeoutMs ?? 10_000, () => stop.abort(new Error('idle')));
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
    watchdog.stop();
    stop.unlink();
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
