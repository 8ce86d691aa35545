import { ApiError, hasCode, NetworkError, SessionEndedError } from './errors.js';
import { type RetryPolicy, retrying } from './retry.js';

export interface Tokens {
  accessToken: string;
  /** Valid once. */
  refreshToken: string;
  /** Expiry of the access token by the clock of this computer, in milliseconds since 1970. */
  expiresAt: number;
}

/** Stores tokens between calls, or between runs. */
export interface TokenStore {
  read(): Promise<Tokens | undefined>;
  /** Undefined deletes them. */
  write(tokens: Tokens | undefined): Promise<void>;
  /**
   * Runs `task` while no other process that shares the store runs one. Without it, two processes may use the same refresh token, and
   * the node then ends the session, because it cannot tell this from theft.
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

interface TokenResponse {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

/** An access token that expires sooner than this is renewed first, so that no large body is sent in vain. */
const RENEW_BEFORE_MS = 10_000;

/**
 * Keeps a valid access token. All calls with an expired token share one refresh. If the store has newer tokens by then, because another
 * process was faster, there is no refresh.
 */
export class Session {
  private known: Tokens | undefined;
  private renewal: Promise<Tokens> | undefined;

  constructor(
    private readonly store: TokenStore,
    private readonly policy: RetryPolicy,
    private readonly refresh: (refreshToken: string) => Promise<TokenResponse>,
  ) {}

  /** Runs a call with an access token, and once more with a new one if the node refuses the first. */
  async authorized<T>(call: (token: string) => Promise<T>): Promise<T> {
    const token = await this.accessToken();
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return call((await this.renew(token)).accessToken);
    }
  }

  adopt(response: TokenResponse): Promise<Tokens> {
    return this.exclusively(() => this.write(response));
  }

  /** Resolves to the stored tokens. */
  current(): Promise<Tokens | undefined> {
    return this.store.read();
  }

  forget(): Promise<void> {
    return this.exclusively(async () => {
      this.known = undefined;
      await this.store.write(undefined);
    });
  }

  private exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.store.exclusively?.(task) ?? task();
  }

  private async accessToken(): Promise<string> {
    this.known ??= await this.store.read();
    if (this.known === undefined) throw new SessionEndedError('not signed in');
    const { accessToken, expiresAt } = this.known;
    const endsSoon = expiresAt - Date.now() < RENEW_BEFORE_MS;
    return endsSoon ? (await this.renew(accessToken)).accessToken : accessToken;
  }

  private renew(stale: string): Promise<Tokens> {
    this.renewal ??= this.exclusively(() => this.renewNow(stale)).finally(() => {
      this.renewal = undefined;
    });
    return this.renewal;
  }

  private async renewNow(stale: string): Promise<Tokens> {
    const stored = await this.store.read();
    if (stored === undefined) throw new SessionEndedError('not signed in');
    if (stored.accessToken !== stale) {
      this.known = stored;
      return stored;
    }
    // No signal: an interrupted refresh would lose the only token that continues the session.
    const refresh = () => this.refresh(stored.refreshToken);
    try {
      return await this.write(await retrying(refresh, this.policy, undefined, wasNotProcessed));
    } catch (error) {
      if (!hasCode(error, 'invalid_refresh_token', 'unauthenticated')) throw error;
      throw new SessionEndedError('the session has ended; sign in again', { cause: error });
    }
  }

  private async write({ accessToken, refreshToken, expiresIn }: TokenResponse): Promise<Tokens> {
    const tokens = { accessToken, refreshToken, expiresAt: Date.now() + expiresIn * 1000 };
    await this.store.write(tokens);
    this.known = tokens;
    return tokens;
  }
}

/** A refresh may be repeated only if the node cannot have used the refresh token. */
const wasNotProcessed = (error: unknown): boolean =>
  (error instanceof NetworkError && !error.sent) || (error instanceof ApiError && error.status === 429);
