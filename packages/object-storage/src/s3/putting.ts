import type { Readable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectAttributes, ObjectInfo, StoredPart } from '../port.js';
import { checkAttributes, checkKey } from '../rules.js';
import { batchesOf, chunksOf, holdErrors } from '../streams.js';
import type { Bucket } from './client.js';
import { translateErrors } from './errors.js';
import { encodeMetadata, newUploadMark, tagOrThrow, toInfo, unquote } from './headers.js';
import { findObject } from './objects.js';
import { PartBody } from './part-body.js';
import { abortUpload, createUpload, sendCompletion, sendPart } from './uploads.js';

/** The smallest part that S3 takes. Up to three times this much of a stream is in memory: gathered, joined and being sent. */
const STREAM_PART_BYTES = 5 * 1024 * 1024;

/** What a put has stored; `tag` is S3's own, in quotes. */
interface Stored {
  size: number;
  tag: string;
}

/** Stores a whole object: a buffer or a stream of known size by one request, any other stream by as many parts as it needs. */
export async function putObject(
  bucket: Bucket,
  key: string,
  body: Readable | Buffer,
  attributes: ObjectAttributes,
  knownSize?: number,
): Promise<ObjectInfo> {
  checkKey(key);
  checkAttributes(attributes);
  const { size, tag } = await store(bucket, key, body, attributes, knownSize);
  const found = await findObject(bucket, key);
  if (found?.ETag === tag) return toInfo(key, found);
  // Another request has replaced or deleted it meanwhile; what was stored is returned anyway.
  const { contentType } = attributes;
  const metadata = { ...attributes.metadata };
  const etag = metadata.sha256 ?? unquote(tag);
  return { key, size, contentType, etag, lastModified: new Date(), metadata };
}

function store(
  bucket: Bucket,
  key: string,
  body: Readable | Buffer,
  attributes: ObjectAttributes,
  size: number | undefined,
): Promise<Stored> {
  if (Buffer.isBuffer(body)) return sendObject(bucket, key, body, body.length, attributes);
  holdErrors(body);
  if (size === undefined || size === 0) return putStream(bucket, key, body, attributes);
  return new PartBody(body, size).sendBy((stream, abortSignal) =>
    sendObject(bucket, key, stream, size, attributes, abortSignal),
  );
}

async function sendObject(
  { client, bucket }: Bucket,
  key: string,
  body: Readable | Buffer,
  size: number,
  { contentType, metadata }: ObjectAttributes,
  abortSignal?: AbortSignal,
): Promise<Stored> {
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    ContentType: contentType,
    ContentLength: size,
    ChecksumAlgorithm: 'CRC32',
    Metadata: encodeMetadata(metadata, newUploadMark()),
    Body: body,
  });
  const { ETag } = await translateErrors('store an object', () =>
    client.send(command, { ...(abortSignal && { abortSignal }) }),
  );
  return { size, tag: tagOrThrow(ETag) };
}

async function putStream(
  bucket: Bucket,
  key: string,
  source: Readable,
  attributes: ObjectAttributes,
): Promise<Stored> {
  const pieces = piecesOf(source, STREAM_PART_BYTES);
  const first = (await pieces.next()).value ?? Buffer.alloc(0);
  if (first.length < STREAM_PART_BYTES) return sendObject(bucket, key, first, first.length, attributes);
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
