import { createHash } from 'node:crypto';
import { ProblemError } from '@lazyphotos/service-kit';
import type { Request, RequestHandler, Response } from 'express';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import { clientKey } from './client-key.js';

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
  /** For the password of a share link (path parameter `token`): counts the failures at each link, over all clients. */
  unlock: RequestHandler;
}

const SIGN_IN_WINDOW_SECONDS = 300;
/** The limit of a link is this many times that of one address, so that one visitor cannot lock out the others. */
const LINK_FACTOR = 4;

/** Returns a hash of the token: the table of attempts must not contain tokens. */
const linkKey = (req: Request): string =>
  createHash('sha256').update(String(req.params.token)).digest('base64url');

const tooMany = (result: RateLimiterRes) =>
  new ProblemError('rate_limited', 'Slow down.', {
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(result.msBeforeNext / 1000))) },
  });

/** Takes a point. @throws ProblemError `rate_limited`; any other error is a failure of the limiter's store */
async function take(limiter: RateLimiterAbstract, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (verdict) {
    if (verdict instanceof RateLimiterRes) throw tooMany(verdict);
    throw verdict;
  }
}

function createFailureCounter(keyPrefix: string, points: number, pool: unknown): RateLimiterPostgres {
  const attempts = { points, duration: SIGN_IN_WINDOW_SECONDS, keyPrefix };
  return new RateLimiterPostgres({
    ...attempts,
    storeClient: pool,
    storeType: 'pool',
    tableName: 'rate_limits',
    tableCreated: true,
    // An attacker must not profit from a database that is away.
    insuranceLimiter: new RateLimiterMemory(attempts),
  });
}

const isRefusal = (res: Response): boolean => res.statusCode === 401 || res.statusCode === 403;

/** Gives points back. The next attempt with the same key waits for that: otherwise it could be refused after one that succeeded. */
function createRefunds(limiter: RateLimiterAbstract) {
  const underWay = new Map<string, Promise<unknown>>();
  return {
    give: (key: string): void => {
      const refund = Promise.all([underWay.get(key), limiter.reward(key).catch(() => undefined)]).finally(
        () => {
          if (underWay.get(key) === refund) underWay.delete(key);
        },
      );
      underWay.set(key, refund);
    },
    given: async (key: string): Promise<void> => {
      await underWay.get(key);
    },
  };
}

/**
 * Limits the number of refused attempts (401 and 403). A point is taken before an attempt and given back if it was not refused,
 * so that concurrent guesses, and guesses whose client disconnects, are limited like sequential ones.
 */
function limitFailures(failures: RateLimiterAbstract, keyOf: (req: Request) => string): RequestHandler {
  const refunds = createRefunds(failures);
  return (req, res, next) => {
    const key = keyOf(req);
    const proceed = () => {
      res.once('finish', () => {
        if (!isRefusal(res)) refunds.give(key);
      });
      next();
    };
    refunds
      .given(key)
      .then(() => take(failures, key))
      .then(proceed, next);
  };
}

/** Limits by client address: everything that needs no token, and failed attempts to get one. */
export function createLimits({ requestsPerMinute, signInAttempts, pool }: LimiterOptions): Limits {
  const requests = new RateLimiterMemory({ keyPrefix: 'requests', points: requestsPerMinute, duration: 60 });
  const failures = createFailureCounter('sign-in', signInAttempts, pool);
  const unlockFailures = createFailureCounter('unlock', signInAttempts * LINK_FACTOR, pool);

  const anonymous: RequestHandler = (req, _res, next) => {
    take(requests, clientKey(req.ip)).then(() => next(), next);
  };

  return {
    anonymous,
    signIn: limitFailures(failures, (req) => clientKey(req.ip)),
    unlock: limitFailures(unlockFailures, linkKey),
  };
}
