import { type Algorithm, hash, verify } from '@node-rs/argon2';

/** Turns passwords into strings that can be kept, and compares. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Whether it is the password of this hash. Takes as long for a wrong one. */
  verify(hash: string, password: string): Promise<boolean>;
  /** A hash that no password has, and that takes as long to verify as any other. */
  readonly dummyHash: string;
}

/** OWASP's choice for little memory: what a Raspberry Pi can spare while photos come in. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const ARGON2ID: Algorithm.Argon2id = 2;
const OPTIONS = { ...COST, algorithm: ARGON2ID };

/** Phones and desktops write the same letters in different ways (NIST SP 800-63B, section 5.1.1.2). */
const normalized = (password: string) => password.normalize('NFKC');

const zeros = (bytes: number) => Buffer.alloc(bytes).toString('base64').replaceAll('=', '');

/** Argon2id in PHC strings, computed on libuv's threads. */
export const argon2Hasher: PasswordHasher = {
  hash: (password) => hash(normalized(password), OPTIONS),
  verify: (stored, password) => verify(stored, normalized(password)),
  dummyHash: `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$${zeros(16)}$${zeros(32)}`,
};
