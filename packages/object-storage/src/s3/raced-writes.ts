import type { S3Client } from '@aws-sdk/client-s3';
import { nameOf } from './faults.js';

/** The requests that put an object into its place. */
const PLACING = new Set(['PutObjectCommand', 'CompleteMultipartUploadCommand']);

/**
 * MinIO keeps keys as folders, and answers "access denied" when a delete beside a write removes their folder at the very
 * moment. So a denied write is tried again like one that met a fault of the server; a real denial stays one.
 */
export function retryRacedWrites({ middlewareStack }: S3Client): void {
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
