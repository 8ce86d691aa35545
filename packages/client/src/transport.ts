import { z } from 'zod';
import { ApiError, NetworkError, SourceChangedError } from './errors.js';
import type { PreparedRequest } from './request.js';
import type { BinaryBody, CallOptions } from './types.js';

export type Fetch = typeof globalThis.fetch;

const IDLE_TIMEOUT_MS = 120_000;

export interface RawResponse {
  status: number;
  headers: Headers;
  text: string;
}

/** Counts the bytes of a body and keeps an error of its source, which fetch would hide in its own error. */
function countedBody(body: BinaryBody, onBytes: () => void) {
  const state: { failure?: unknown } = {};
  async function* bytes() {
    let seen = 0;
    try {
      for await (const piece of body.open()) {
        seen += piece.byteLength;
        if (seen > body.length) break;
        onBytes();
        yield piece;
      }
      if (seen !== body.length) {
        throw new SourceChangedError(
          `expected ${body.length} bytes, found ${seen < body.length ? seen : 'more'}`,
        );
      }
    } catch (error) {
      state.failure = error;
      throw error;
    }
  }
  return { state, stream: ReadableStream.from(bytes()) };
}

/** A sent request, until its response has been read. */
interface Exchange {
  response: Response;
  /** Reports a received piece of the response. */
  touch(): void;
  /** Returns what an error during the exchange means. */
  errorOf(error: unknown): unknown;
  end(): void;
}

/** Sends a request. Resolves when the head of the response is there. The caller must call `end`. */
async function exchange(
  fetch: Fetch,
  request: PreparedRequest,
  token: string | undefined,
  { signal, idleTimeoutMs = IDLE_TIMEOUT_MS }: CallOptions,
): Promise<Exchange> {
  const stop = new RequestAbort(signal, idleTimeoutMs);
  const touch = () => stop.touch();
  const end = () => stop.end();
  const counted = typeof request.body === 'object' ? countedBody(request.body, touch) : undefined;
  const errorOf = (error: unknown): unknown => {
    if (error instanceof ApiError) return error;
    if (signal?.aborted) return signal.reason;
    if (counted?.state.failure !== undefined) return counted.state.failure;
    const idle = stop.signal.aborted ? `no response for ${idleTimeoutMs / 1000} s` : undefined;
    return new NetworkError(new URL(request.url).origin, error, idle);
  };
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers:
        token === undefined ? request.headers : { ...request.headers, authorization: `Bearer ${token}` },
      signal: stop.signal,
      // To follow a redirect would drop the body or the token. The caller must use the right address instead.
      redirect: 'manual',
      ...(counted === undefined
        ? { body: request.body as string | undefined }
        : { body: counted.stream, duplex: 'half' }),
    } as RequestInit);
    touch();
    return { response, touch, errorOf, end };
  } catch (error) {
    end();
    throw errorOf(error);
  }
}

/** Reads a response. @throws ApiError for any status but 2xx */
async function readAll({ response, errorOf, end }: Exchange): Promise<RawResponse> {
  try {
    const text = await response.text();
    return accepted({ status: response.status, headers: response.headers, text });
  } catch (error) {
    throw errorOf(error);
  } finally {
    end();
  }
}

/**
 * Sends a request once and reads the response.
 *
 * @throws NetworkError without a complete response, ApiError for any status but 2xx, the reason of the signal after an abort, and every
 * error of the source of a binary body.
 */
export const sendOnce = async (
  fetch: Fetch,
  request: PreparedRequest,
  token: string | undefined,
  options: CallOptions,
): Promise<RawResponse> => readAll(await exchange(fetch, request, token, options));

/**
 * Sends a request once. Resolves to the body of a 2xx response, which the caller reads piece by piece. The reading throws NetworkError if
 * the body is incomplete or stalls, and the reason of the signal after an abort.
 *
 * @throws like `sendOnce`
 */
export async function openOnce(
  fetch: Fetch,
  request: PreparedRequest,
  token: string | undefined,
  options: CallOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const opened = await exchange(fetch, request, token, options);
  if (!opened.response.ok) await readAll(opened);
  return piecesOf(opened);
}

async function* piecesOf({ response, touch, errorOf, end }: Exchange): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const piece of response.body ?? []) {
      touch();
      yield piece;
      touch();
    }
  } catch (error) {
    throw errorOf(error);
  } finally {
    end();
  }
}

function accepted(response: RawResponse): RawResponse {
  if (response.status >= 200 && response.status < 300) return response;
  if (response.status >= 300 && response.status < 400) {
    const target = response.headers.get('location') ?? 'another address';
    throw new ApiError({
      status: response.status,
      code: 'redirected',
      detail: `the node redirects to ${target}; use that address`,
    });
  }
  throw problemError(response);
}

/** Returns the error for a response that is not 2xx. */
export function problemError({ status, headers, text }: RawResponse): ApiError {
  const problem = parseProblem(text);
  return new ApiError({
    ...problem,
    status,
    code: problem?.code ?? 'http_error',
    requestId: problem?.requestId ?? headers.get('x-request-id') ?? undefined,
    retryAfter: retryAfterOf(headers.get('retry-after')),
  });
}

/**
 * Aborts a request with its parent signal, or when nothing happens for `idleMs`. Unlike AbortSignal.any it leaves nothing on the parent,
 * which may live through hundreds of thousands of requests.
 */
export class RequestAbort {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parent: AbortSignal | undefined,
    idleMs?: number,
    idleReason: () => unknown = () => new Error('idle'),
  ) {
    if (idleMs !== undefined) this.timer = setTimeout(() => this.abort(idleReason()), idleMs);
    if (parent?.aborted) this.onParentAbort();
    else parent?.addEventListener('abort', this.onParentAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abort(reason: unknown): void {
    this.controller.abort(reason);
  }

  /** Reports activity. */
  touch(): void {
    this.timer?.refresh();
  }

  /** Stops the timer and leaves the parent. */
  end(): void {
    clearTimeout(this.timer);
    this.parent?.removeEventListener('abort', this.onParentAbort);
  }

  private readonly onParentAbort = (): void => this.abort(this.parent?.reason);
}

/** RFC 9457, less strict than the contract: a newer node may have codes that this version does not know. */
const looseProblem = z.object({
  code: z.string(),
  title: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
  requestId: z.string().optional().catch(undefined),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .catch(undefined),
});

type LooseProblem = z.output<typeof looseProblem>;

/** Returns the problem in a body, or undefined for another body, such as the HTML page of a proxy. */
export function parseProblem(text: string): LooseProblem | undefined {
  return looseProblem.safeParse(parseJson(text)).data;
}

/** Returns the value, or undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns a `Retry-After` (RFC 9110, 10.2.3), which is a number or a date, in seconds from now. */
export function retryAfterOf(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
