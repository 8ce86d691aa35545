import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { ProblemError } from '@lazyphotos/service-kit';
import type { Request, RequestHandler } from 'express';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRes,
} from 'rate-limiter-flexible';

const SIGN_IN_WINDOW_SECONDS = 300;
/** The limit of a link is this many times that of one address, so that one visitor cannot lock out the others. */
const LINK_FACTOR = 4;

interface LimitOptions {
  requestsPerMinute: number;
  signInAttempts: number;
  /** A node-postgres pool on the gateway's database. */
  pool: unknown;
}

/** Limits what a client address may do: requests that need no token, and failed attempts to get one. */
export class Limits {
  /** For endpoints that need no token. */
  readonly anonymous: RequestHandler;
  /** For endpoints where a secret could be guessed. */
  readonly signIn: RequestHandler;
  /** For the password of a share link (path parameter `token`): counts the failures at each link, of all clients together. */
  readonly unlock: RequestHandler;

  constructor({ requestsPerMinute, signInAttempts, pool }: LimitOptions) {
    const requests = new RateLimiterMemory({
      keyPrefix: 'requests',
      points: requestsPerMinute,
      duration: 60,
    });
    const failures = createFailureCounter('sign-in', signInAttempts, pool);
    const unlockFailures = createFailureCounter('unlock', signInAttempts * LINK_FACTOR, pool);
    this.anonymous = async (req, _res, next) => {
      await takePoint(requests, clientKey(req.ip));
      next();
    };
    this.signIn = limitFailures(failures, (req) => clientKey(req.ip));
    this.unlock = limitFailures(unlockFailures, linkKey);
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
    // The limit also holds while the database is not available.
    insuranceLimiter: new RateLimiterMemory(attempts),
  });
}

/**
 * Limits the number of refused attempts (401 and 403). A point is taken before an attempt and given back if it was not refused,
 * so that concurrent guesses, and guesses whose client disconnects, are limited like sequential ones. The next attempt with the
 * same key waits until the point is back: otherwise it could be refused after one that succeeded.
 */
function limitFailures(failures: RateLimiterAbstract, keyOf: (req: Request) => string): RequestHandler {
  const refunds = new Map<string, Promise<unknown>>();
  const refund = (key: string) => {
    const done = Promise.all([refunds.get(key), failures.reward(key).catch(() => undefined)]).finally(() => {
      if (refunds.get(key) === done) refunds.delete(key);
    });
    refunds.set(key, done);
  };
  return async (req, res, next) => {
    const key = keyOf(req);
    await refunds.get(key);
    await takePoint(failures, key);
    res.once('finish', () => {
      if (res.statusCode !== 401 && res.statusCode !== 403) refund(key);
    });
    next();
  };
}

/** @throws ProblemError `rate_limited`; any other error is a failure of the limiter's store */
async function takePoint(limiter: RateLimiterAbstract, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    throw new ProblemError('rate_limited', 'Slow down.', {
      headers: { 'Retry-After': String(Math.max(1, Math.ceil(error.msBeforeNext / 1000))) },
    });
  }
}

/** Returns a hash of the token: the table of attempts must not contain tokens. */
const linkKey = (req: Request): string =>
  createHash('sha256').update(String(req.params.token)).digest('base64url');

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The key by which a client's attempts are counted. IPv6 gives a household 2^64 addresses, so its network is the key. */
export function clientKey(address: string | undefined): string {
  const plain = MAPPED_IPV4.exec(address ?? '')?.[1] ?? address ?? '';
  const version = isIP(plain);
  if (version === 6) return networkOf(plain);
  return version === 4 ? plain : 'unknown';
}

/** The first 64 bits of an IPv6 address. */
function networkOf(address: string): string {
  const [bare = ''] = address.split('%');
  const [front = '', back] = bare.split('::');
  const left = front === '' ? [] : front.split(':');
  const right = back ? back.split(':') : [];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const groups = back === undefined ? left : [...left, ...zeros, ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
