import { PassThrough, pipeline, type Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { ObjectNotFoundError, StorageUnavailableError } from '../errors.js';
import type { ByteRange, ObjectInfo } from '../port.js';
import { checkKey, checkPrefix, clampRange, isValidRange } from '../rules.js';
import type { Bucket } from './client.js';
import { nameOf, translate, translateErrors, unlessMissing } from './errors.js';
import { toInfo } from './headers.js';

/** Objects that are looked up at a time: a listing has neither their type nor their metadata. */
const LOOK_AHEAD = 16;

export interface OpenedObject {
  info: ObjectInfo;
  body: Readable;
}

/** Resolves to the headers of an object, or undefined when there is none. */
export function findObject(
  { client, bucket, small }: Bucket,
  key: string,
): Promise<HeadObjectCommandOutput | undefined> {
  const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
  return unlessMissing(translateErrors('read an object', () => client.send(command, small)));
}

export async function headObject(bucket: Bucket, key: string): Promise<ObjectInfo> {
  checkKey(key);
  const found = await findObject(bucket, key);
  if (found === undefined) throw new ObjectNotFoundError(`there is no object ${key}`);
  return toInfo(key, found);
}

/** One request for headers only. A condition would spare nothing: the response to a HEAD has no bytes. */
export async function isCurrentObject(
  bucket: Bucket,
  { key, version }: Pick<ObjectInfo, 'key' | 'version'>,
): Promise<boolean> {
  checkKey(key);
  const found = await findObject(bucket, key);
  return found !== undefined && version !== undefined && toInfo(key, found).version === version;
}

export async function getObject(bucket: Bucket, key: string, range?: ByteRange): Promise<OpenedObject> {
  checkKey(key);
  // Servers ignore a header with an invalid range and send the whole object.
  if (range && !isValidRange(range)) return refuseRange(bucket, key, range);
  try {
    return await openObject(bucket, key, range);
  } catch (error) {
    if (!range || nameOf((error as Error).cause) !== 'InvalidRange') throw error;
    return refuseRange(bucket, key, range);
  }
}

async function openObject(
  { client, bucket, small }: Bucket,
  key: string,
  range?: ByteRange,
): Promise<OpenedObject> {
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(range && { Range: `bytes=${range.start}-${range.end}` }),
  });
  const response = await translateErrors('read an object', () => client.send(command, small));
  const bytes = response.Body as Readable;
  try {
    return { info: toInfo(key, response), body: withTranslatedErrors(bytes) };
  } catch (error) {
    bytes.destroy();
    throw error;
  }
}

/** The error for a range without a byte of the object has to name the object's size, so the server is asked for it. */
async function refuseRange(bucket: Bucket, key: string, range: ByteRange): Promise<never> {
  clampRange(range, (await headObject(bucket, key)).size);
  throw new StorageUnavailableError(`${key} was replaced while it was opened`);
}

/** Returns the same bytes. Destroying them releases the connection; a broken connection becomes a StorageUnavailableError. */
function withTranslatedErrors(response: Readable): Readable {
  const body = new PassThrough({
    destroy(error, done) {
      done(response.errored ? translate('read an object to its end', response.errored) : error);
    },
  });
  // The end of one of the two ends the other; the reader of the body gets the error.
  pipeline(response, body, () => {});
  return body;
}

export async function deleteObject({ client, bucket, small }: Bucket, key: string): Promise<void> {
  checkKey(key);
  const command = new DeleteObjectCommand({ Bucket: bucket, Key: key });
  await unlessMissing(translateErrors('delete an object', () => client.send(command, small)));
}

/** Holds one page of keys in memory. Leaves out objects that were deleted meanwhile. */
export async function* listObjects(bucket: Bucket, prefix: string): AsyncGenerator<ObjectInfo> {
  checkPrefix(prefix);
  const { client, small } = bucket;
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket.bucket, Prefix: prefix }, small);
  for (;;) {
    const { value: page, done } = await translateErrors('list objects', () => pages.next());
    if (done) return;
    const keys = (page.Contents ?? []).flatMap(({ Key }) => Key ?? []);
    for (let at = 0; at < keys.length; at += LOOK_AHEAD) {
      const some = keys.slice(at, at + LOOK_AHEAD);
      const found = await Promise.all(
        some.map(async (key) => ({ key, headers: await findObject(bucket, key) })),
      );
      for (const { key, headers } of found) if (headers) yield toInfo(key, headers);
    }
  }
}
