import { ProblemError } from '@lazyphotos/service-kit';
import { type Algorithm, hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';

/** Turns passwords into strings that can be stored, and compares them. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Returns whether it is the password of this hash. Takes the same time for a wrong one. */
  verify(hash: string, password: string): Promise<boolean>;
  /** A hash that matches no password, and takes the same time to verify as any other. */
  readonly dummyHash: string;
}

export interface PasswordLimits {
  /** How many run at a time. */
  running: number;
  /** How many may wait; more are refused. */
  waiting: number;
}

/** Both reject with ProblemError `service_unavailable` when too many wait. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** Without a hash there is nothing to compare with: resolves to false, after the same work. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
}

/** OWASP's choice for little memory, which a Raspberry Pi can afford while it receives photos. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const ARGON2ID: Algorithm.Argon2id = 2;
const OPTIONS = { ...COST, algorithm: ARGON2ID };
/** At most 2 x 19 MiB; the other two of libuv's four threads stay free for files. */
const LIMITS: PasswordLimits = { running: 2, waiting: 100 };

/** Argon2id in PHC strings, computed on libuv's threads. */
export const argon2Hasher: PasswordHasher = {
  hash: (password) => hash(normalise(password), OPTIONS),
  verify: (stored, password) => verify(stored, normalise(password)),
  dummyHash: `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$${zeros(16)}$${zeros(32)}`,
};

/** Hashes and compares in the order of the calls, with a limit on how many run and wait. */
export function createPasswords(
  hasher: PasswordHasher,
  { running, waiting }: PasswordLimits = LIMITS,
): Passwords {
  const limit = pLimit(running);
  const bounded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (limit.activeCount + limit.pendingCount >= running + waiting) {
      throw new ProblemError('service_unavailable', 'Too many passwords are being checked.', {
        headers: { 'Retry-After': '5' },
      });
    }
    return limit(work);
  };
  return {
    hash: (password) => bounded(() => hasher.hash(password)),
    verify: (stored, password) => bounded(() => hasher.verify(stored ?? hasher.dummyHash, password)),
  };
}

/** Phones and desktops encode the same letters in different ways (NIST SP 800-63B, section 5.1.1.2). */
function normalise(password: string): string {
  return password.normalize('NFKC');
}

function zeros(bytes: number): string {
  return Buffer.alloc(bytes).toString('base64').replaceAll('=', '');
}
