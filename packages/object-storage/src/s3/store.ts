import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadBucketCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { ObjectNotFoundError, StorageUnavailableError } from '../errors.js';
import type { ObjectStore, PresignedGetOptions, PresignedUrls, VersionCheck } from '../port.js';
import { checkKey } from '../rules.js';
import { type Bucket, openBucket, openSigner, type S3StoreOptions } from './client.js';
import { translateErrors } from './errors.js';
import { deleteObject, getObject, headObject, isCurrentObject, listObjects } from './objects.js';
import { putObject } from './putting.js';
import { abortUpload, beginUpload, completeUpload, listUploads, writePart } from './uploads.js';

/** An upload that is begun and aborted at once shows that the bucket can be written to; it never becomes visible. */
const PROBE = 'readiness/probe';

/**
 * Keeps objects in a bucket of an S3 server. No request is sent yet: a service may start before the server does, and is not ready until
 * then.
 */
export function createS3Store(options: S3StoreOptions): ObjectStore & PresignedUrls & VersionCheck {
  const bucket = openBucket(options);
  const signer = openSigner(options);
  return {
    put: (key, body, attributes, options) => putObject(bucket, key, body, attributes, options?.size),
    head: (key) => headObject(bucket, key),
    get: (key, range) => getObject(bucket, key, range),
    delete: (key) => deleteObject(bucket, key),
    list: (prefix) => listObjects(bucket, prefix),
    isCurrent: (info) => isCurrentObject(bucket, info),
    beginUpload: (key, size, partSize, attributes) =>
      beginUpload(bucket, key, { size, partSize }, attributes),
    writePart: (upload, index, body) => writePart(bucket, upload, index, body),
    completeUpload: (upload, parts) => completeUpload(bucket, upload, parts),
    abortUpload: (upload) => abortUpload(bucket, upload),
    listUploads: (prefix) => listUploads(bucket, prefix),
    presignedGet: (key, get) => presignGet(signer, options.bucket, key, get),
    ready: () => checkReady(bucket, options.readOnly ?? false),
    async close() {
      bucket.client.destroy();
      signer.destroy();
    },
  };
}

/** All attempts together have the time of one response: the caller needs the state now, and will ask again. */
async function checkReady(bucket: Bucket, readOnly: boolean): Promise<void> {
  const abortSignal = AbortSignal.timeout(bucket.timeouts.answerMs);
  const what = `${readOnly ? 'read from' : 'write to'} the bucket ${bucket.bucket}`;
  const probe = readOnly ? probeReading : probeWriting;
  try {
    await translateErrors(what, () => probe(bucket, abortSignal));
  } catch (error) {
    if (!(error instanceof ObjectNotFoundError)) throw error;
    throw new StorageUnavailableError(`there is no bucket ${bucket.bucket}`, { cause: error });
  }
}

async function probeReading({ client, bucket }: Bucket, abortSignal: AbortSignal): Promise<void> {
  await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal });
}

async function probeWriting({ client, bucket }: Bucket, abortSignal: AbortSignal): Promise<void> {
  const at = { Bucket: bucket, Key: PROBE };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at), { abortSignal });
  await client.send(new AbortMultipartUploadCommand({ ...at, UploadId }), { abortSignal });
}

async function presignGet(
  signer: S3Client,
  bucket: string,
  key: string,
  { expiresInSeconds, contentDisposition, contentType, cacheControl }: PresignedGetOptions,
): Promise<string> {
  checkKey(key);
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(contentDisposition !== undefined && { ResponseContentDisposition: contentDisposition }),
    ...(contentType !== undefined && { ResponseContentType: contentType }),
    ...(cacheControl !== undefined && { ResponseCacheControl: cacheControl }),
  });
  return translateErrors('sign a URL', () => getSignedUrl(signer, command, { expiresIn: expiresInSeconds }));
}
