import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { ObjectNotFoundError, PartMismatchError, StorageUnavailableError } from '../errors.js';
import type { ObjectAttributes, ObjectInfo, StagedUpload, StoredPart, UploadUnderWay } from '../port.js';
import {
  checkAllParts,
  checkAttributes,
  checkKey,
  checkPrefix,
  checkShape,
  partCount,
  partLength,
  type UploadShape,
} from '../rules.js';
import { holdErrors } from '../streams.js';
import type { Bucket } from './client.js';
import { nameOf, translateErrors, unlessMissing } from './errors.js';
import {
  encodeMetadata,
  formatUploadId,
  newUploadMark,
  parseUploadId,
  tagOrThrow,
  toCompletedPart,
  toInfo,
  toPartTag,
  uploadMarkOf,
} from './headers.js';
import { findObject } from './objects.js';
import { PartBody } from './part-body.js';

/** Staged uploads are S3's multipart uploads. */
type UploadName = Pick<StagedUpload, 'key' | 'uploadId'>;

const SMALLEST_PART = 5 * 1024 * 1024;
const LARGEST_PART = 5 * 1024 * 1024 * 1024;
const MOST_PARTS = 10_000;
/** With one checksum over the whole object S3 checks each part, and a reader of the whole object checks it as well. */
const CHECKSUM = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const;

export async function beginUpload(
  bucket: Bucket,
  key: string,
  shape: UploadShape,
  attributes: ObjectAttributes,
): Promise<StagedUpload> {
  checkKey(key);
  checkAttributes(attributes);
  checkLimits(shape);
  const { uploadId } = await createUpload(bucket, key, attributes);
  return { uploadId, key, ...shape };
}

/** Begins an upload whose size is not known yet. */
export async function createUpload(
  { client, bucket, small }: Bucket,
  key: string,
  { contentType, metadata }: ObjectAttributes,
): Promise<UploadName> {
  const mark = newUploadMark();
  const command = new CreateMultipartUploadCommand({
    Bucket: bucket,
    Key: key,
    ContentType: contentType,
    Metadata: encodeMetadata(metadata, mark),
    ...CHECKSUM,
  });
  const { UploadId: id } = await translateErrors('begin an upload', () => client.send(command, small));
  if (id === undefined) throw new StorageUnavailableError('the response has no id of the upload');
  return { uploadId: formatUploadId(id, mark), key };
}

export async function writePart(
  bucket: Bucket,
  upload: StagedUpload,
  index: number,
  source: Readable,
): Promise<StoredPart> {
  const length = partLength(upload, index);
  holdErrors(source);
  const body = new PartBody(source, length);
  try {
    return await body.sendBy((Body, abortSignal) =>
      sendPart(bucket, upload, index, Body, length, abortSignal),
    );
  } catch (error) {
    if (body.failure === undefined && error instanceof StorageUnavailableError) await check(bucket, upload);
    throw error;
  }
}

export async function sendPart(
  { client, bucket }: Bucket,
  upload: UploadName,
  index: number,
  Body: Readable | Buffer,
  length: number,
  abortSignal?: AbortSignal,
): Promise<StoredPart> {
  const command = new UploadPartCommand({
    ...nameIn(bucket, upload),
    PartNumber: index + 1,
    ContentLength: length,
    ChecksumAlgorithm: CHECKSUM.ChecksumAlgorithm,
    Body,
  });
  const { ETag, ChecksumCRC32 } = await translateErrors('store a part', () =>
    client.send(command, { ...(abortSignal && { abortSignal }) }),
  );
  return { index, etag: toPartTag(tagOrThrow(ETag), ChecksumCRC32) };
}

/**
 * Throws ObjectNotFoundError when the server does not know the upload. A server that refuses a part closes the connection while the part
 * is still being sent, and its response may be lost with it: then only this request finds the reason.
 */
async function check({ client, bucket, small }: Bucket, upload: UploadName): Promise<void> {
  const command = new ListPartsCommand({ ...nameIn(bucket, upload), MaxParts: 1 });
  await translateErrors('find an upload', () => client.send(command, small));
}

/**
 * The first completion, by any process, or by a request whose response was lost, removes the upload. The object's mark then shows that
 * the upload was completed.
 */
export async function completeUpload(
  bucket: Bucket,
  upload: StagedUpload,
  parts: readonly StoredPart[],
): Promise<ObjectInfo> {
  checkAllParts(upload, parts);
  await unlessMissing(sendCompletion(bucket, upload, parts));
  const { mark } = parseUploadId(upload.uploadId);
  const found = await findObject(bucket, upload.key);
  if (found !== undefined && mark !== undefined && uploadMarkOf(found) === mark)
    return toInfo(upload.key, found);
  throw new ObjectNotFoundError(`there is no upload ${JSON.stringify(upload.uploadId)}`);
}

/** Resolves to the object's tag as S3 writes it, in quotes. */
export async function sendCompletion(
  { client, bucket }: Bucket,
  upload: UploadName,
  parts: readonly StoredPart[],
): Promise<string> {
  const command = new CompleteMultipartUploadCommand({
    ...nameIn(bucket, upload),
    MultipartUpload: { Parts: parts.map(toCompletedPart) },
  });
  try {
    return tagOrThrow((await translateErrors('complete an upload', () => client.send(command))).ETag);
  } catch (error) {
    if (!['InvalidPart', 'InvalidPartOrder'].includes(nameOf((error as Error).cause) ?? '')) throw error;
    // S3 does not say how many are missing: at least one.
    const message = 'the bytes of some parts are not stored, or no longer: send them again';
    throw new PartMismatchError(message, parts.length, parts.length - 1);
  }
}

export async function abortUpload({ client, bucket, small }: Bucket, upload: UploadName): Promise<void> {
  const command = new AbortMultipartUploadCommand(nameIn(bucket, upload));
  await unlessMissing(translateErrors('abort an upload', () => client.send(command, small)));
}

/** Asks for all uploads, since MinIO takes a prefix for a whole key. */
export async function* listUploads(
  { client, bucket, small }: Bucket,
  prefix: string,
): AsyncGenerator<UploadUnderWay> {
  checkPrefix(prefix);
  let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket: bucket, ...marker });
    const page = await translateErrors('list uploads', () => client.send(command, small));
    for (const { Key: key, UploadId: uploadId, Initiated: begunAt } of page.Uploads ?? []) {
      if (key?.startsWith(prefix) && uploadId && begunAt) yield { key, uploadId, begunAt };
    }
    if (!page.IsTruncated) return;
    marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}

function nameIn(bucket: string, { key, uploadId }: UploadName) {
  return { Bucket: bucket, Key: key, UploadId: parseUploadId(uploadId).id };
}

/** @throws RangeError for what S3 would refuse only after all parts have been sent. */
function checkLimits(shape: UploadShape): void {
  checkShape(shape);
  const count = partCount(shape);
  if (count > MOST_PARTS) throw new RangeError(`S3 takes ${MOST_PARTS} parts, not ${count}`);
  if (shape.partSize > LARGEST_PART || (count > 1 && shape.partSize < SMALLEST_PART))
    throw new RangeError(`S3 takes parts of 5 MiB to 5 GiB, not of ${shape.partSize} bytes`);
}
