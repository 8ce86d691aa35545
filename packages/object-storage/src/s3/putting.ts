import type { Readable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectAttributes, ObjectInfo, StoredPart } from '../port.js';
import { checkAttributes, checkKey } from '../rules.js';
import { batchesOf, chunksOf, holdErrors } from '../streams.js';
import type { Bucket } from './client.js';
import { translateErrors } from './errors.js';
import { encodeMetadata, tagOrThrow, toInfo, unquote } from './headers.js';
import { findObject } from './objects.js';
import { abortUpload, createUpload, sendCompletion, sendPart } from './uploads.js';

/** The smallest part that S3 takes. Up to three times this much of a stream is in memory: gathered, joined and being sent. */
const STREAM_PART_BYTES = 5 * 1024 * 1024;

/** What a put has stored; `tag` is S3's own, in quotes. */
interface Stored {
  size: number;
  tag: string;
}

/** Stores a whole object: a buffer by one request, a stream, whose length is unknown, by as many parts as it needs. */
export async function putObject(
  bucket: Bucket,
  key: string,
  body: Readable | Buffer,
  attributes: ObjectAttributes,
): Promise<ObjectInfo> {
  checkKey(key);
  checkAttributes(attributes);
  const { size, tag } = Buffer.isBuffer(body)
    ? await putBuffer(bucket, key, body, attributes)
    : await putStream(bucket, key, body, attributes);
  const found = await findObject(bucket, key);
  if (found?.ETag === tag) return toInfo(key, found);
  // Another request has replaced or deleted it meanwhile; what was stored is returned anyway.
  const { contentType } = attributes;
  const metadata = { ...attributes.metadata };
  const etag = metadata.sha256 ?? unquote(tag);
  return { key, size, contentType, etag, lastModified: new Date(), metadata };
}

async function putBuffer(
  { client, bucket }: Bucket,
  key: string,
  bytes: Buffer,
  { contentType, metadata }: ObjectAttributes,
): Promise<Stored> {
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    ContentType: contentType,
    Metadata: encodeMetadata(metadata),
    Body: bytes,
  });
  const { ETag } = await translateErrors('store an object', () => client.send(command));
  return { size: bytes.length, tag: tagOrThrow(ETag) };
}

async function putStream(
  bucket: Bucket,
  key: string,
  source: Readable,
  attributes: ObjectAttributes,
): Promise<Stored> {
  holdErrors(source);
  const pieces = piecesOf(source, STREAM_PART_BYTES);
  const first = (await pieces.next()).value ?? Buffer.alloc(0);
  if (first.length < STREAM_PART_BYTES) return putBuffer(bucket, key, first, attributes);
  const upload = await createUpload(bucket, key, attributes);
  try {
    const parts: StoredPart[] = [await sendPart(bucket, upload, 0, first, first.length)];
    let size = first.length;
    for await (const piece of pieces) {
      parts.push(await sendPart(bucket, upload, parts.length, piece, piece.length));
      size += piece.length;
    }
    return { size, tag: await sendCompletion(bucket, upload, parts) };
  } catch (error) {
    // The first error counts. If the server cannot abort now, the upload stays until the server clears it.
    await abortUpload(bucket, upload).catch(() => {});
    throw error;
  }
}

/** Yields the bytes in pieces of exactly `size` bytes; the last one may be shorter. */
async function* piecesOf(source: Readable, size: number): AsyncGenerator<Buffer, undefined> {
  let rest = Buffer.alloc(0);
  for await (const batch of batchesOf(chunksOf(source), size)) {
    const bytes = Buffer.concat([rest, ...batch]);
    let start = 0;
    for (; bytes.length - start >= size; start += size) yield bytes.subarray(start, start + size);
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield rest;
}
