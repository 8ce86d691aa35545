import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { nameOf } from './errors.js';

/** Milliseconds. */
export interface S3Timeouts {
  /** Until a connection is open; waiting for one of `maxSockets` counts. */
  connectMs: number;
  /** Until the response to a request that carries no file; the request is tried again twice. All the time that `ready` has. */
  answerMs: number;
  /** Until a transfer without any progress fails, because the server hangs or the reader does not read. */
  idleMs: number;
}

export interface S3StoreOptions {
  bucket: string;
  region: string;
  /** The server's address; if it is missing, Amazon's of the region. */
  endpoint?: string | undefined;
  /** The address in presigned URLs, if clients reach the server by another one. This process never connects to it. */
  publicEndpoint?: string | undefined;
  /** If they are missing, the SDK's default credential chain, such as the role of the machine or the pod. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
  /** Whether the bucket is in the path of URLs, as MinIO needs it, and not in the host name. */
  pathStyle?: boolean | undefined;
  /** For credentials that may only read: `ready` does not try to write. */
  readOnly?: boolean | undefined;
  /** The largest number of connections. A slow reader holds one until it has read everything. */
  maxSockets?: number | undefined;
  timeouts?: Partial<S3Timeouts> | undefined;
}

/** What all files of the adapter work with. */
export interface Bucket {
  client: S3Client;
  bucket: string;
  timeouts: S3Timeouts;
  /** Options of a request that carries no file. */
  small: { requestTimeout: number };
}

const DEFAULT_MAX_SOCKETS = 128;
const DEFAULT_TIMEOUTS: S3Timeouts = { connectMs: 10_000, answerMs: 15_000, idleMs: 120_000 };
/** Servers close idle connections, and a stream that is sent into one at that moment is lost: so this side closes them early. */
const IDLE_SOCKET_MS = 5_000;
const ATTEMPTS = 3;
/** The requests that put an object into its place. */
const PLACING = new Set(['PutObjectCommand', 'CompleteMultipartUploadCommand']);

const ignore = (): void => {};
/** Errors are thrown with all that is known of them; the SDK would also print that it cannot repeat a stream. */
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

export function openBucket(options: S3StoreOptions): Bucket {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const { maxSockets = DEFAULT_MAX_SOCKETS } = options;
  const agentOptions = { keepAlive: true, maxSockets, timeout: IDLE_SOCKET_MS };
  const client = new S3Client({
    ...identityOf(options),
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    requestChecksumCalculation: 'WHEN_SUPPORTED',
    responseChecksumValidation: 'WHEN_SUPPORTED',
    retryMode: 'standard',
    maxAttempts: ATTEMPTS,
    // The SDK opens a separate connection, outside `maxSockets`, for every request that waits for "100 Continue".
    expectContinueHeader: false,
    requestHandler: {
      // Instances: if it gets only options, the SDK makes agents that do not count those connections either.
      httpAgent: new HttpAgent(agentOptions),
      httpsAgent: new HttpsAgent(agentOptions),
      connectionTimeout: timeouts.connectMs,
      socketTimeout: timeouts.idleMs,
      // `requestTimeout` is given with each request, since it includes the sending of a body.
      throwOnRequestTimeout: true,
    },
  });
  retryRacedWrites(client);
  return { client, bucket: options.bucket, timeouts, small: { requestTimeout: timeouts.answerMs } };
}

/** Makes a client that only signs URLs and never connects. */
export function openSigner(options: S3StoreOptions): S3Client {
  const endpoint = options.publicEndpoint ?? options.endpoint;
  return new S3Client({
    ...identityOf(options),
    ...(endpoint !== undefined && { endpoint }),
    // Otherwise every URL would ask for checksums, which no browser checks.
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

function identityOf({ region, credentials, pathStyle = false }: S3StoreOptions) {
  return { region, forcePathStyle: pathStyle, logger: SILENT, ...(credentials && { credentials }) };
}

/**
 * MinIO keeps keys as folders, and responds "access denied" when a delete removes the folder of a key during a write to it. So a denied
 * write is tried again, like one that failed by a fault of the server; a real denial fails again.
 */
function retryRacedWrites({ middlewareStack }: S3Client): void {
  middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        try {
          return await next(args);
        } catch (error) {
          const isRaced = PLACING.has(commandName ?? '') && nameOf(error) === 'AccessDenied';
          throw isRaced ? Object.assign(error as Error, { $retryable: { throttling: false } }) : error;
        }
      },
    { name: 'retryRacedWrites', step: 'deserialize', priority: 'high' },
  );
}
