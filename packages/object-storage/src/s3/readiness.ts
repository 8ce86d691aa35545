import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadBucketCommand,
} from '@aws-sdk/client-s3';
import { ObjectNotFoundError, StorageUnavailableError } from '../errors.js';
import type { Bucket } from './client.js';
import { storing } from './faults.js';

/** An upload that is begun and aborted at once: it shows that the bucket can be written to, and never becomes visible. */
const PROBE = 'readiness/probe';

/** All tries together have the time of one answer: who asks wants to know now, and will ask again. */
export function createReady({ client, bucket, timeouts }: Bucket, readOnly: boolean): () => Promise<void> {
  const canRead = async (abortSignal: AbortSignal): Promise<void> => {
    await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal });
  };
  const canWrite = async (abortSignal: AbortSignal): Promise<void> => {
    const at = { Bucket: bucket, Key: PROBE };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(at), { abortSignal });
    await client.send(new AbortMultipartUploadCommand({ ...at, UploadId }), { abortSignal });
  };
  const check = readOnly ? canRead : canWrite;
  const what = `${readOnly ? 'read from' : 'write to'} the bucket ${bucket}`;
  return async () => {
    try {
      await storing(what, () => check(AbortSignal.timeout(timeouts.answerMs)));
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError)) throw error;
      throw new StorageUnavailableError(`there is no bucket ${bucket}`, { cause: error });
    }
  };
}
