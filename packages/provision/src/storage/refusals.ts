import { reasonOf } from '@lazyphotos/database';
import { S3Error } from 'minio';
import { ProvisionError } from '../errors.js';

/** The S3 error code, where the store answered with one. */
export const codeOf = (error: unknown): unknown => (error instanceof S3Error ? error.code : undefined);

/** An S3 error is the store's decision; anything else (no connection, status 503) may be its start, and passes. */
export function toProvisionError(what: string, error: unknown): ProvisionError {
  const code = codeOf(error);
  if (code === undefined) {
    return new ProvisionError(`the object store does not answer (${what}): ${reasonOf(error)}`, true, error);
  }
  return new ProvisionError(`the object store refuses ${what}: ${reasonOf(error)} (${code})`, false, error);
}
