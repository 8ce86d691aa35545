import { type Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  type BodyOf,
  type Endpoint,
  type ParamsOf,
  problemSchema,
  type ServiceName,
} from '@lazyphotos/contracts';
import pRetry from 'p-retry';
import type { z } from 'zod';
import type { ServiceIdentity } from '../auth/service-identity.js';
import { createServiceTokens, SERVICE_TOKEN_HEADER } from '../auth/service-token.js';
import { currentRequestId } from '../context.js';
import { ProblemError } from '../errors.js';
import { isConnectionFault, ReplicaAgent } from './replica-agent.js';

type PeerAnswer<E extends Endpoint> = E['success']['body'] extends z.ZodType
  ? z.output<E['success']['body']>
  : undefined;

interface PeerCall<E extends Endpoint> {
  params?: ParamsOf<E>;
  body?: BodyOf<E>;
  /** How long the call may take. Default 5 seconds. */
  timeoutMs?: number;
}

/** How a service calls the others. */
export interface Peers {
  /**
   * Calls an endpoint of the service at `baseUrl`.
   * @throws ProblemError one of the endpoint's own `problems` if the service responds with it; `service_unavailable` for anything else
   */
  call<E extends Endpoint>(baseUrl: string, endpoint: E, call: PeerCall<E>): Promise<PeerAnswer<E>>;
  /** The value of `X-Service-Token` for requests to that service. */
  tokenFor(audience: ServiceName): string;
  close(): Promise<void>;
}

const PEER_TIMEOUT_MS = 5000;

interface Exchange {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string | undefined;
  signal: AbortSignal;
}

/** One request and its whole answer. @throws Error with the fault of the connection as its cause */
const exchange = ({ url, body, ...options }: Exchange, agent: Agent) =>
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

const unavailable = (service: ServiceName, cause: unknown) =>
  new ProblemError('service_unavailable', `The ${service} service does not answer.`, {
    headers: { 'Retry-After': '5' },
    cause,
  });

/** The problem that a response body holds, if it is one that the endpoint names: such a problem is the caller's to handle. */
function problemIn(endpoint: Endpoint, body: string): ProblemError | undefined {
  const problem = problemSchema.safeParse(parseJson(body)).data;
  if (!problem || !endpoint.problems?.includes(problem.code)) return undefined;
  return new ProblemError(problem.code, problem.detail);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A read whose connection failed is made once more, on a fresh one; nothing else is made twice. */
export function createPeers(identity: ServiceIdentity): Peers {
  const tokenFor = createServiceTokens(identity);
  const kept = new ReplicaAgent();
  const fresh = new ReplicaAgent({ keepAlive: false });

  const ask = async <E extends Endpoint>(baseUrl: string, endpoint: E, call: PeerCall<E>) => {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const requestId = currentRequestId();
    const question: Exchange = {
      url: baseUrl + pathOf(endpoint, call.params),
      method: endpoint.method.toUpperCase(),
      headers: {
        [SERVICE_TOKEN_HEADER]: tokenFor(endpoint.service),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(requestId ? { 'x-request-id': requestId } : {}),
      },
      body,
      signal: AbortSignal.timeout(call.timeoutMs ?? PEER_TIMEOUT_MS),
    };
    const answer = await pRetry((attempt) => exchange(question, attempt === 1 ? kept : fresh), {
      retries: endpoint.method === 'get' ? 1 : 0,
      minTimeout: 0,
      shouldRetry: ({ error }) => isConnectionFault(error.cause),
    });
    const { status, body: schema } = endpoint.success;
    if (answer.status !== status) {
      throw problemIn(endpoint, answer.text) ?? new Error(`${endpoint.id} answered ${answer.status}`);
    }
    return (schema ? schema.parse(JSON.parse(answer.text)) : undefined) as PeerAnswer<E>;
  };

  return {
    tokenFor,
    call: (baseUrl, endpoint, call) =>
      ask(baseUrl, endpoint, call).catch((cause: unknown) => {
        throw cause instanceof ProblemError ? cause : unavailable(endpoint.service, cause);
      }),
    close: async () => {
      kept.destroy();
      fresh.destroy();
    },
  };
}
