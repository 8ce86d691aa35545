import { ProblemError } from '@lazyphotos/service-kit';
import type { Request, RequestHandler } from 'express';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';

export interface LimiterOptions {
  requestsPerMinute: number;
  signInAttempts: number;
  /** A node-postgres pool on the gateway's database. */
  pool: unknown;
}

export interface Limits {
  /** For endpoints that need no token. */
  anonymous: RequestHandler;
  /** For endpoints where a secret could be guessed. */
  signIn: RequestHandler;
}

const SIGN_IN_WINDOW_SECONDS = 300;

const tooMany = (result: RateLimiterRes) =>
  new ProblemError('rate_limited', 'Slow down.', {
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(result.msBeforeNext / 1000))) },
  });

const addressOf = (req: Request): string => req.ip ?? 'unknown';

/** Takes a point; what the limiter rejects with is either its verdict or a fault of its store. */
async function take(limiter: RateLimiterAbstract, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (verdict) {
    if (verdict instanceof RateLimiterRes) throw tooMany(verdict);
    throw verdict;
  }
}

/** Limits by client address: everything that needs no token, and failed attempts to get one. */
export function createLimits({ requestsPerMinute, signInAttempts, pool }: LimiterOptions): Limits {
  const requests = new RateLimiterMemory({ keyPrefix: 'requests', points: requestsPerMinute, duration: 60 });
  const attempts = { points: signInAttempts, duration: SIGN_IN_WINDOW_SECONDS };
  const failures = new RateLimiterPostgres({
    ...attempts,
    storeClient: pool,
    tableName: 'rate_limits',
    tableCreated: true,
    keyPrefix: 'sign-in',
    // An attacker must not profit from a database that is away.
    insuranceLimiter: new RateLimiterMemory({ ...attempts, keyPrefix: 'sign-in' }),
  });

  const anonymous: RequestHandler = (req, _res, next) => {
    take(requests, addressOf(req)).then(() => next(), next);
  };

  /** Counts answers that say no (401, 403); an address with too many of them is refused before it can guess again. */
  const signIn: RequestHandler = (req, res, next) => {
    const key = addressOf(req);
    res.once('finish', () => {
      if (res.statusCode === 401 || res.statusCode === 403) failures.penalty(key).catch(() => undefined);
    });
    failures.get(key).then((state) => {
      if (state && state.consumedPoints >= signInAttempts) next(tooMany(state));
      else next();
    }, next);
  };
  return { anonymous, signIn };
}
