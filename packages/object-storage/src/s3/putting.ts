import { Readable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { StorageUnavailableError } from '../errors.js';
import type { ObjectAttributes } from '../port.js';
import { holdErrors } from '../sources.js';
import type { Bucket } from './client.js';
import { storing } from './faults.js';
import { encodeMetadata } from './headers.js';
import { sendingOf } from './sending.js';

/** The smallest that S3 takes: this much of a stream of unknown length is in memory, and again while it is sent. */
const STREAM_PART_SIZE = 5 * 1024 * 1024;

/** What a put has stored; `tag` is S3's own, in quotes. */
export interface Stored {
  size: number;
  tag: string;
}

export type PutObject = (
  key: string,
  body: Readable | Buffer,
  attributes: ObjectAttributes,
) => Promise<Stored>;

/** Stores whole objects: a buffer by one request; a stream, whose length nobody knows, by as many parts as it takes. */
export function createPut({ client, bucket }: Bucket): PutObject {
  type Params = ReturnType<typeof paramsOf>;

  const paramsOf = (key: string, { contentType, metadata }: ObjectAttributes) => ({
    Bucket: bucket,
    Key: key,
    ContentType: contentType,
    Metadata: encodeMetadata(metadata),
  });

  async function putStream(params: Params, source: Readable): Promise<Stored> {
    holdErrors(source);
    const sending = sendingOf(source);
    const Body = Readable.from(sending.pieces, { objectMode: false });
    const upload = new Upload({
      client,
      params: { ...params, Body },
      partSize: STREAM_PART_SIZE,
      queueSize: 1,
    });
    try {
      const { ETag } = await storing('store an object', () => upload.done());
      return { size: sending.total, tag: tagOrThrow(ETag) };
    } catch (error) {
      throw sending.failure === undefined ? error : sending.failure.error;
    } finally {
      Body.destroy();
    }
  }

  async function putBuffer(params: Params, bytes: Buffer): Promise<Stored> {
    const command = new PutObjectCommand({ ...params, Body: bytes });
    const { ETag } = await storing('store an object', () => client.send(command));
    return { size: bytes.length, tag: tagOrThrow(ETag) };
  }

  return async (key, body, attributes) => {
    const params = paramsOf(key, attributes);
    return Buffer.isBuffer(body) ? putBuffer(params, body) : putStream(params, body);
  };
}

export function tagOrThrow(tag: string | undefined): string {
  if (tag === undefined)
    throw new StorageUnavailableError('the server does not tell the tag of what it stored');
  return tag;
}
