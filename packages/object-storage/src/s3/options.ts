/** Milliseconds. */
export interface S3Timeouts {
  /** Until a connection is there; waiting for one of `maxSockets` counts. */
  connectMs: number;
  /** Until a request that carries no file is answered; it is tried again twice. All the time that `ready` has. */
  answerMs: number;
  /** Until a transfer in which nothing moves is given up, be it that the server hangs or that a reader takes nothing. */
  idleMs: number;
}

export interface S3StoreOptions {
  bucket: string;
  region: string;
  /** The server's address; Amazon's of the region when it is left out. */
  endpoint?: string | undefined;
  /** The address that presigned URLs are made for, when clients reach the server by another one. Never contacted from here. */
  publicEndpoint?: string | undefined;
  /** Left out: what the surroundings give, such as the role of the machine or the pod. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
  /** Whether the bucket stands in the path of URLs, as MinIO wants it, and not in the host name. */
  pathStyle?: boolean | undefined;
  /** For credentials that may only read: `ready` does not try to write. */
  readOnly?: boolean | undefined;
  /** Connections at most. One that is read slowly is held for as long. */
  maxSockets?: number | undefined;
  timeouts?: Partial<S3Timeouts> | undefined;
}

export const DEFAULT_MAX_SOCKETS = 128;

export const DEFAULT_TIMEOUTS: S3Timeouts = { connectMs: 10_000, answerMs: 15_000, idleMs: 120_000 };
