import { z } from 'zod';
import { ApiError, NetworkError, SourceChangedError } from './errors.js';
import type { PreparedRequest } from './request.js';
import type { BinaryBody, CallOptions } from './types.js';

export type Fetch = typeof globalThis.fetch;

const IDLE_TIMEOUT_MS = 120_000;

export interface RawAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** Passes the bytes on while counting them; remembers an error of the source, which fetch would hide among its own. */
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

/** What a request was sent with, until its response has been read. */
interface Exchange {
  response: Response;
  /** To be called for each piece of the response that arrives. */
  touch(): void;
  /** What an error that ended the exchange stands for. */
  errorOf(error: unknown): unknown;
  end(): void;
}

/** Sends a request. Resolves when the head of the response is there. `end` must be called. */
async function exchange(
  fetch: Fetch,
  request: PreparedRequest,
  token: string | undefined,
  { signal, idleTimeoutMs = IDLE_TIMEOUT_MS }: CallOptions,
): Promise<Exchange> {
  const stop = linkedAbort(signal);
  const watchdog = createWatchdog(idleTimeoutMs, () => stop.abort(new Error('idle')));
  const counted = typeof request.body === 'object' ? countedBody(request.body, watchdog.touch) : undefined;
  const errorOf = (error: unknown): unknown => {
    if (error instanceof ApiError) return error;
    if (signal?.aborted) return signal.reason;
    if (counted?.state.failure !== undefined) return counted.state.failure;
    const idle = stop.signal.aborted ? `no answer for ${idleTimeoutMs / 1000} s` : undefined;
    return new NetworkError(new URL(request.url).origin, error, idle);
  };
  const end = () => {
    watchdog.stop();
    stop.unlink();
  };
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers:
        token === undefined ? request.headers : { ...request.headers, authorization: `Bearer ${token}` },
      signal: stop.signal,
      // Following would drop the body or the token half-way; the address of the server should be right instead.
      redirect: 'manual',
      ...(counted === undefined
        ? { body: request.body as string | undefined }
        : { body: counted.stream, duplex: 'half' }),
    } as RequestInit);
    watchdog.touch();
    return { response, touch: watchdog.touch, errorOf, end };
  } catch (error) {
    end();
    throw errorOf(error);
  }
}

/**
 * Sends a request once and reads the answer.
 *
 * @throws NetworkError without an (entire) answer, ApiError for any answer but 2xx, the signal's reason when aborted, and
 * whatever the source of a binary body throws.
 */
export async function sendOnce(
  fetch: Fetch,
  request: PreparedRequest,
  token: string | undefined,
  options: CallOptions,
): Promise<RawAnswer> {
  const { response, errorOf, end } = await exchange(fetch, request, token, options);
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
 * Sends a request once. Resolves to the body of a 2xx response, which is read as the caller asks for it. Reading throws NetworkError
 * when the body ends too early or stalls, and the signal's reason when aborted.
 *
 * @throws like `sendOnce`
 */
export async function openOnce(
  fetch: Fetch,
  request: PreparedRequest,
  token: string | undefined,
  options: CallOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const { response, touch, errorOf, end } = await exchange(fetch, request, token, options);
  if (!response.ok) {
    try {
      const text = await response.text();
      accepted({ status: response.status, headers: response.headers, text });
    } catch (error) {
      throw errorOf(error);
    } finally {
      end();
    }
  }
  async function* pieces(): AsyncGenerator<Uint8Array, void> {
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
  return pieces();
}

function accepted(answer: RawAnswer): RawAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  if (answer.status >= 300 && answer.status < 400) {
    const target = answer.headers.get('location') ?? 'another address';
    throw new ApiError({
      status: answer.status,
      code: 'redirected',
      detail: `the server redirects to ${target}; use that address`,
    });
  }
  throw problemError(answer);
}

/** An answer that says no, as an error. */
export function problemError({ status, headers, text }: RawAnswer): ApiError {
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
 * A controller that aborts with its parent. Unlike AbortSignal.any it leaves nothing behind on the parent, which may live
 * through hundreds of thousands of requests.
 */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Lets go of the parent. */
  unlink(): void;
}

export function linkedAbort(parent: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  const onAbort = () => controller.abort(parent?.reason);
  if (parent?.aborted) onAbort();
  else parent?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => parent?.removeEventListener('abort', onAbort),
  };
}

/** Calls `onIdle` once when nobody has called `touch` for `ms`. */
export function createWatchdog(ms: number, onIdle: () => void) {
  const timer = setTimeout(onIdle, ms);
  return { touch: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}

/** RFC 9457, more leniently than the contract: a newer node may have codes that this version does not know. */
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

export type LooseProblem = z.output<typeof looseProblem>;

/** The problem in a body, or undefined when it is none: a proxy's HTML page, say. */
export function parseProblem(text: string): LooseProblem | undefined {
  return looseProblem.safeParse(parseJson(text)).data;
}

/** The value, or undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Retry-After` (RFC 9110, 10.2.3) in seconds from now: a number or a date. */
export function retryAfterOf(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
