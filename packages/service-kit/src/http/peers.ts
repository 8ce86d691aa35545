import { type Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  type BodyOf,
  type CopiesApi,
  type Endpoint,
  internalEndpoints,
  type ParamsOf,
  problemSchema,
  type ServiceName,
} from '@lazyphotos/contracts';
import pRetry from 'p-retry';
import type { z } from 'zod';
import type { ServiceIdentity } from '../auth/service-identity.js';
import { SERVICE_TOKEN_HEADER, ServiceTokens } from '../auth/service-tokens.js';
import { currentLanguage, currentRequestId } from '../context.js';
import { ProblemError, serviceUnavailable } from '../errors.js';
import { isConnectionFault, ReplicaAgent } from './replica-agent.js';

type PeerResponse<E extends Endpoint> = E['success']['body'] extends z.ZodType
  ? z.output<E['success']['body']>
  : undefined;

interface PeerCall<E extends Endpoint> {
  params?: ParamsOf<E>;
  body?: BodyOf<E>;
  /** The longest time that the call may take. Default 5 seconds. */
  timeoutMs?: number;
}

const PEER_TIMEOUT_MS = 5000;

interface PeerRequest {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string | undefined;
  signal: AbortSignal;
}

/** Sends a request and reads the whole response. @throws Error with the fault of the connection as its cause */
const send = ({ url, body, ...options }: PeerRequest, agent: Agent) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const fail = (cause: unknown) => reject(new Error(`${options.method} ${url} failed`, { cause }));
    const onResponse = (response: IncomingMessage) => {
      text(response).then((text) => resolve({ status: response.statusCode, text }), fail);
    };
    request(url, { ...options, agent }, onResponse)
      .on('error', fail)
      .end(body);
  });

const pathOf = (endpoint: Endpoint, params: Record<string, unknown> = {}): string =>
  endpoint.path.replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(String(params[name])));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The problem of a response body, if it is one that the endpoint names: such a problem is the caller's to handle. */
function problemIn(endpoint: Endpoint, body: string): ProblemError | undefined {
  const problem = problemSchema.safeParse(parseJson(body)).data;
  if (!problem || !endpoint.problems?.includes(problem.code)) return undefined;
  return new ProblemError(problem.code, problem.detail);
}

function requestFor<E extends Endpoint>(
  baseUrl: string,
  endpoint: E,
  call: PeerCall<E>,
  token: string,
): PeerRequest {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const requestId = currentRequestId();
  const language = currentLanguage();
  return {
    url: baseUrl + pathOf(endpoint, call.params),
    method: endpoint.method.toUpperCase(),
    headers: {
      [SERVICE_TOKEN_HEADER]: token,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(requestId ? { 'x-request-id': requestId } : {}),
      ...(language ? { 'accept-language': language } : {}),
    },
    body,
    signal: AbortSignal.timeout(call.timeoutMs ?? PEER_TIMEOUT_MS),
  };
}

/** How a service calls the others. */
export class Peers {
  readonly #tokens: ServiceTokens;
  readonly #kept = new ReplicaAgent();
  readonly #fresh = new ReplicaAgent({ keepAlive: false });

  constructor(identity: ServiceIdentity) {
    this.#tokens = new ServiceTokens(identity);
  }

  /** Returns the value of `X-Service-Token` for requests to that service. */
  tokenFor(audience: ServiceName): string {
    return this.#tokens.tokenFor(audience);
  }

  /**
   * Calls an endpoint of the service at `baseUrl`. Retries a read once, on a new connection, if its connection failed; repeats
   * nothing else.
   * @throws ProblemError one of the endpoint's own `problems` if the service responds with it; `service_unavailable` for anything else
   */
  async call<E extends Endpoint>(baseUrl: string, endpoint: E, call: PeerCall<E>): Promise<PeerResponse<E>> {
    try {
      return await this.#exchange(baseUrl, endpoint, call);
    } catch (cause) {
      throw cause instanceof ProblemError ? cause : serviceUnavailable(endpoint.service, cause);
    }
  }

  async #exchange<E extends Endpoint>(baseUrl: string, endpoint: E, call: PeerCall<E>) {
    const peerRequest = requestFor(baseUrl, endpoint, call, this.tokenFor(endpoint.service));
    const response = await pRetry((attempt) => send(peerRequest, attempt === 1 ? this.#kept : this.#fresh), {
      retries: endpoint.method === 'get' ? 1 : 0,
      minTimeout: 0,
      shouldRetry: ({ error }) => isConnectionFault(error.cause),
    });
    const { status, body: schema } = endpoint.success;
    if (response.status !== status) {
      throw problemIn(endpoint, response.text) ?? new Error(`${endpoint.id} responded ${response.status}`);
    }
    return (schema ? schema.parse(JSON.parse(response.text)) : undefined) as PeerResponse<E>;
  }

  async close(): Promise<void> {
    this.#kept.destroy();
    this.#fresh.destroy();
  }
}

/** A camera RAW of 100 MB goes from the store to the media worker and back, and may wait for others before it. */
const COPY_TIMEOUT_MS = 120_000;

/** The media worker of another process, over HTTP. */
export const createCopiesClient = (peers: Peers, mediaWorkerUrl: string): CopiesApi => ({
  makeCopy: (body) =>
    peers.call(mediaWorkerUrl, internalEndpoints.makeCopy, { body, timeoutMs: COPY_TIMEOUT_MS }),
});
