import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { checkAttributes } from '../attributes.js';
import { ObjectNotFoundError, PartMismatchError, StorageUnavailableError } from '../errors.js';
import { checkKey } from '../keys.js';
import { checkAllParts, checkShape, partCount, partLength } from '../parts.js';
import type { ObjectInfo, ObjectStore, StagedUpload, StoredPart } from '../port.js';
import { holdErrors } from '../sources.js';
import type { Bucket } from './client.js';
import { nameOf, storing, unlessMissing } from './faults.js';
import { encodeMetadata, toInfo, uploadMarkOf } from './headers.js';
import type { Objects } from './objects.js';
import { toCompletedPart, toPartTag } from './part-tags.js';
import { tagOrThrow } from './putting.js';
import { sendAsBody, sendingOf } from './sending.js';
import { formatUploadId, newMark, parseUploadId } from './upload-ids.js';

const SMALLEST_PART = 5 * 1024 * 1024;
const LARGEST_PART = 5 * 1024 * 1024 * 1024;
const MOST_PARTS = 10_000;
/** One of this name over the whole object: S3 then checks each part, and a reader of the whole object checks that, too. */
const CHECKSUM = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const;

export type Staging = Pick<ObjectStore, 'beginUpload' | 'writePart' | 'completeUpload' | 'abortUpload'>;

/** Staged uploads are S3's multipart uploads. */
export function createStaging({ client, bucket, timeouts }: Bucket, objects: Objects): Staging {
  const quick = { requestTimeout: timeouts.answerMs };

  const beginUpload: Staging['beginUpload'] = async (key, size, partSize, attributes) => {
    checkKey(key);
    checkAttributes(attributes);
    checkLimits({ size, partSize });
    const mark = newMark();
    const command = new CreateMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      ContentType: attributes.contentType,
      Metadata: encodeMetadata(attributes.metadata, mark),
      ...CHECKSUM,
    });
    const { UploadId: id } = await storing('begin an upload', () => client.send(command, quick));
    if (id === undefined) throw new StorageUnavailableError('the server does not tell the id of an upload');
    return { uploadId: formatUploadId({ id, mark }), key, size, partSize };
  };

  const writePart: Staging['writePart'] = async (upload, index, body) => {
    const length = partLength(upload, index);
    holdErrors(body);
    const part = {
      ...request(upload),
      PartNumber: index + 1,
      ContentLength: length,
      ChecksumAlgorithm: CHECKSUM.ChecksumAlgorithm,
    };
    const sending = sendingOf(body, length);
    const { ETag, ChecksumCRC32 } = await sendAsBody(sending, (Body, abortSignal) =>
      storing('store a part', () => client.send(new UploadPartCommand({ ...part, Body }), { abortSignal })),
    ).catch(async (error: unknown) => {
      if (sending.failure === undefined && error instanceof StorageUnavailableError) await find(upload);
      throw error;
    });
    return { index, etag: toPartTag(tagOrThrow(ETag), ChecksumCRC32) };
  };

  /**
   * Throws ObjectNotFoundError when the server does not know the upload. A server that refuses a part closes the connection
   * while the part is still being sent, and its response may be lost with it: then only this tells why the part was refused.
   */
  async function find(upload: StagedUpload): Promise<void> {
    const command = new ListPartsCommand({ ...request(upload), MaxParts: 1 });
    await storing('find an upload', () => client.send(command, quick));
  }

  /**
   * Whoever completes first, this process, another one or a request whose answer was lost, takes the upload away. That it was
   * completed shows in the object's mark.
   */
  const completeUpload: Staging['completeUpload'] = async (upload, parts) => {
    checkAllParts(upload, parts);
    const command = new CompleteMultipartUploadCommand({
      ...request(upload),
      MultipartUpload: { Parts: parts.map(toCompletedPart) },
    });
    await unlessMissing(storing('complete an upload', () => client.send(command))).catch((error: unknown) => {
      throw asMismatch(error, parts);
    });
    return completed(upload);
  };

  async function completed({ key, uploadId }: StagedUpload): Promise<ObjectInfo> {
    const { mark } = parseUploadId(uploadId);
    const found = await objects.find(key);
    if (found !== undefined && mark !== undefined && uploadMarkOf(found) === mark) return toInfo(key, found);
    throw new ObjectNotFoundError(`there is no upload ${JSON.stringify(uploadId)}`);
  }

  const request = ({ key, uploadId }: Pick<StagedUpload, 'key' | 'uploadId'>) => ({
    Bucket: bucket,
    Key: key,
    UploadId: parseUploadId(uploadId).id,
  });

  return {
    beginUpload,
    writePart,
    completeUpload,
    async abortUpload(upload) {
      const command = new AbortMultipartUploadCommand(request(upload));
      await unlessMissing(storing('abort an upload', () => client.send(command, quick)));
    },
  };
}

/** @throws RangeError for what S3 would refuse only when all parts have been sent. */
function checkLimits(shape: Pick<StagedUpload, 'size' | 'partSize'>): void {
  checkShape(shape);
  const count = partCount(shape);
  if (count > MOST_PARTS) throw new RangeError(`S3 takes ${MOST_PARTS} parts, not ${count}`);
  if (shape.partSize > LARGEST_PART || (count > 1 && shape.partSize < SMALLEST_PART))
    throw new RangeError(`S3 takes parts of 5 MiB to 5 GiB, not of ${shape.partSize} bytes`);
}

/** S3 does not say how many of them it misses: one at least. */
function asMismatch(error: unknown, parts: readonly StoredPart[]): unknown {
  const isMismatch = ['InvalidPart', 'InvalidPartOrder'].includes(nameOf((error as Error).cause) ?? '');
  if (!isMismatch) return error;
  const message = 'the bytes of some parts are not stored (any more): send them again';
  return new PartMismatchError(message, parts.length, parts.length - 1);
}
