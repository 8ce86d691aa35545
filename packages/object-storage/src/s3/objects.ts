import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { checkAttributes } from '../attributes.js';
import { clampRange, isSoundRange } from '../byte-range.js';
import { ObjectNotFoundError, StorageUnavailableError } from '../errors.js';
import { checkKey } from '../keys.js';
import type { ByteRange, ObjectInfo, ObjectStore } from '../port.js';
import type { Bucket } from './client.js';
import { nameOf, storing, unlessMissing } from './faults.js';
import { toInfo, unquote } from './headers.js';
import { createPut } from './putting.js';
import { receive } from './receiving.js';

/** The visible objects of a bucket. */
export interface Objects extends Pick<ObjectStore, 'put' | 'head' | 'get' | 'delete'> {
  /** What the server says about an object; undefined when there is none. */
  find(key: string): Promise<HeadObjectCommandOutput | undefined>;
}

export function createObjects(opened: Bucket): Objects {
  const { client, bucket, timeouts } = opened;
  const at = (key: string) => ({ Bucket: bucket, Key: key });
  const quick = { requestTimeout: timeouts.answerMs };
  const putObject = createPut(opened);

  const find: Objects['find'] = (key) =>
    unlessMissing(storing('read an object', () => client.send(new HeadObjectCommand(at(key)), quick)));

  const head: Objects['head'] = async (key) => {
    checkKey(key);
    const found = await find(key);
    if (found === undefined) throw new ObjectNotFoundError(`there is no object ${key}`);
    return toInfo(key, found);
  };

  /** Another one may have replaced or deleted it by now; what was stored is told all the same. */
  const put: Objects['put'] = async (key, body, attributes) => {
    checkKey(key);
    checkAttributes(attributes);
    const { size, tag } = await putObject(key, body, attributes);
    const found = await find(key);
    if (found?.ETag === tag) return toInfo(key, found);
    const metadata = { ...attributes.metadata };
    const { contentType } = attributes;
    return {
      key,
      size,
      contentType,
      etag: metadata.sha256 ?? unquote(tag),
      lastModified: new Date(),
      metadata,
    };
  };

  async function open(key: string, range?: ByteRange): Promise<{ info: ObjectInfo; body: Readable }> {
    const command = new GetObjectCommand({
      ...at(key),
      ...(range && { Range: `bytes=${range.start}-${range.end}` }),
    });
    const answer = await storing('read an object', () => client.send(command, quick));
    const bytes = answer.Body as Readable;
    try {
      return { info: toInfo(key, answer), body: receive(bytes, 'read an object to its end') };
    } catch (error) {
      bytes.destroy();
      throw error;
    }
  }

  /** The error for a range without a byte of the object has to name the object's size, so the server is asked for it. */
  const refuseRange = async (key: string, range: ByteRange): Promise<never> => {
    clampRange(range, (await head(key)).size);
    throw new StorageUnavailableError(`${key} was replaced while it was opened`);
  };

  const get: Objects['get'] = async (key, range) => {
    checkKey(key);
    if (range === undefined) return open(key);
    // In a header it would be nonsense, which servers answer with the whole object.
    if (!isSoundRange(range)) return refuseRange(key, range);
    try {
      return await open(key, range);
    } catch (error) {
      if (nameOf((error as Error).cause) !== 'InvalidRange') throw error;
      return refuseRange(key, range);
    }
  };

  return {
    find,
    head,
    get,
    put,
    async delete(key) {
      checkKey(key);
      const command = new DeleteObjectCommand(at(key));
      await unlessMissing(storing('delete an object', () => client.send(command, quick)));
    },
  };
}
