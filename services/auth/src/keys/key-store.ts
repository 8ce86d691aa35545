/** A private key for ES256 (RFC 7518, section 6.2). `kid` is a UUID version 7: the greatest is the newest. */
export type SigningJwk = {
  kty: 'EC';
  crv: 'P-256';
  kid: string;
  x: string;
  y: string;
  d: string;
};

/** Where the signing keys are kept. */
export interface KeyStore {
  /** All keys, in no particular order. */
  load(): Promise<SigningJwk[]>;
  /** Keeps a key for good: once this resolves, it survives a power cut. */
  save(key: SigningJwk): Promise<void>;
}
