import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { DEFAULT_MAX_SOCKETS, DEFAULT_TIMEOUTS, type S3StoreOptions, type S3Timeouts } from './options.js';
import { retryRacedWrites } from './raced-writes.js';

/** What every part of the adapter works with. */
export interface Bucket {
  client: S3Client;
  bucket: string;
  timeouts: S3Timeouts;
}

/** Servers close connections that rest, and a stream that is sent into one just then is lost: so they rest but shortly. */
const SOCKET_REST_MS = 5_000;
const ATTEMPTS = 3;

const ignore = (): void => {};
/** Failures are thrown with all that is known of them; the SDK would also print that it cannot repeat a stream. */
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

export function openBucket(options: S3StoreOptions): Bucket {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const { maxSockets = DEFAULT_MAX_SOCKETS } = options;
  const agentOptions = { keepAlive: true, maxSockets, timeout: SOCKET_REST_MS };
  const client = new S3Client({
    ...identityOf(options),
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    requestChecksumCalculation: 'WHEN_SUPPORTED',
    responseChecksumValidation: 'WHEN_SUPPORTED',
    retryMode: 'standard',
    maxAttempts: ATTEMPTS,
    // The SDK opens a connection of its own, outside `maxSockets`, for every request that waits for "100 Continue".
    expectContinueHeader: false,
    requestHandler: {
      // Instances: from mere options the SDK makes agents that do not count those connections either.
      httpAgent: new HttpAgent(agentOptions),
      httpsAgent: new HttpsAgent(agentOptions),
      connectionTimeout: timeouts.connectMs,
      socketTimeout: timeouts.idleMs,
      // `requestTimeout` itself is given with each request, since it includes the sending of a body.
      throwOnRequestTimeout: true,
    },
  });
  retryRacedWrites(client);
  return { client, bucket: options.bucket, timeouts };
}

/** Signs URLs and is never connected. */
export function openSigner(options: S3StoreOptions): S3Client {
  const endpoint = options.publicEndpoint ?? options.endpoint;
  return new S3Client({
    ...identityOf(options),
    ...(endpoint !== undefined && { endpoint }),
    // Otherwise every URL would ask for checksums that no browser looks at.
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

function identityOf({ region, credentials, pathStyle = false }: S3StoreOptions) {
  return { region, forcePathStyle: pathStyle, logger: silent, ...(credentials && { credentials }) };
}
