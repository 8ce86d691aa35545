import { ApiError, hasCode, NetworkError, SessionEndedError } from './errors.js';
import { type RetryPolicy, retrying } from './retry.js';

export interface Tokens {
  accessToken: string;
  /** Valid once. */
  refreshToken: string;
  /** When the access token ends by this machine's clock, in milliseconds since 1970. */
  expiresAt: number;
}

/** Where tokens live between calls, or between runs. */
export interface TokenStore {
  read(): Promise<Tokens | undefined>;
  /** Undefined forgets them. */
  write(tokens: Tokens | undefined): Promise<void>;
  /**
   * Runs `task` while no other process that shares the store does. Without it two processes may both use the refresh token
   * up, and the node, which cannot tell that from theft, ends the session.
   */
  exclusively?<T>(task: () => Promise<T>): Promise<T>;
}

export function createMemoryTokenStore(initial?: Tokens): TokenStore {
  let tokens = initial;
  return {
    read: async () => tokens,
    write: async (next) => {
      tokens = next;
    },
  };
}

interface TokenAnswer {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

export interface SessionDeps {
  store: TokenStore;
  refresh(refreshToken: string): Promise<TokenAnswer>;
  policy: RetryPolicy;
  now?: () => number;
}

/** An access token that ends sooner than this is renewed first: a large body should not be sent in vain. */
const RENEW_BEFORE_MS = 10_000;

export const toTokens = (answer: TokenAnswer, now: number): Tokens => ({
  accessToken: answer.accessToken,
  refreshToken: answer.refreshToken,
  expiresAt: now + answer.expiresIn * 1000,
});

/**
 * Keeps a valid access token at hand. However many calls find theirs expired, one refresh is made; a store that has newer
 * tokens by then (another process was quicker) needs none.
 */
export function createSession({ store, refresh, policy, now = Date.now }: SessionDeps) {
  let known: Tokens | undefined;
  let renewal: Promise<Tokens> | undefined;
  const exclusively = <T>(task: () => Promise<T>) => store.exclusively?.(task) ?? task();

  const adopt = async (answer: TokenAnswer): Promise<Tokens> => {
    const tokens = toTokens(answer, now());
    await store.write(tokens);
    known = tokens;
    return tokens;
  };

  const renewNow = async (stale: string): Promise<Tokens> => {
    const stored = await store.read();
    if (stored === undefined) throw new SessionEndedError('not signed in');
    if (stored.accessToken !== stale) {
      known = stored;
      return stored;
    }
    // No signal here on purpose: an interrupted refresh would lose the only token that continues the session.
    const answer = await retrying(() => refresh(stored.refreshToken), {
      policy,
      isRetryable: wasNotActedUpon,
    }).catch((error: unknown) => {
      if (!hasCode(error, 'invalid_refresh_token', 'unauthenticated')) throw error;
      throw new SessionEndedError('the session has ended; sign in again', { cause: error });
    });
    return adopt(answer);
  };

  const renew = (stale: string): Promise<Tokens> => {
    renewal ??= exclusively(() => renewNow(stale)).finally(() => {
      renewal = undefined;
    });
    return renewal;
  };

  const accessToken = async (): Promise<string> => {
    known ??= await store.read();
    if (known === undefined) throw new SessionEndedError('not signed in');
    const endsSoon = known.expiresAt - now() < RENEW_BEFORE_MS;
    return endsSoon ? (await renew(known.accessToken)).accessToken : known.accessToken;
  };

  /** Runs a call with an access token, and once more with a new one when the node refuses the first. */
  const authorized = async <T>(call: (token: string) => Promise<T>): Promise<T> => {
    const token = await accessToken();
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return call((await renew(token)).accessToken);
    }
  };

  return {
    authorized,
    adopt: (answer: TokenAnswer) => exclusively(() => adopt(answer)),
    /** What is stored, newest first. */
    current: () => store.read(),
    forget: () =>
      exclusively(async () => {
        known = undefined;
        await store.write(undefined);
      }),
  };
}

/** A refresh may only be repeated when the node cannot have used the token up already. */
const wasNotActedUpon = (error: unknown): boolean =>
  (error instanceof NetworkError && !error.sent) || (error instanceof ApiError && error.status === 429);
