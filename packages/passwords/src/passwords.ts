import { type Bounds, createBound } from './bounded.js';
import type { PasswordHasher } from './password-hasher.js';

/** 2 x 19 MiB at most; the other two of libuv's four threads stay free for files. */
const BOUNDS = { running: 2, waiting: 100 };

export interface Passwords {
  hash(password: string): Promise<string>;
  /** `hash` undefined means that there is nothing to compare with: resolves to false after the same work. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
}

export function createPasswords(hasher: PasswordHasher, bounds: Bounds = BOUNDS): Passwords {
  const bounded = createBound(bounds);
  return {
    hash: (password) => bounded(() => hasher.hash(password)),
    verify: (hash, password) => bounded(() => hasher.verify(hash ?? hasher.dummyHash, password)),
  };
}
