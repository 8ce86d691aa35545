import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from '@jest/globals';
import type { ObjectStoreErrorCode } from '../../src/errors.js';
import type { ObjectInfo, ObjectStore, StagedUpload, StoredPart } from '../../src/port.js';

/** What an adapter may declare unsupported, as small as the tests of one ability. */
export type Capability =
  | 'objects'
  | 'ranges'
  | 'metadata'
  | 'keys'
  | 'listing'
  | 'streaming'
  | 'overwrite-while-reading'
  | 'staged-uploads'
  | 'repeated-parts'
  | 'repeated-complete'
  | 'version-check'
  | 'change-notices';

/** What the parts of the suite share. */
export interface Suite {
  store(): ObjectStore;
  /** The same storage, opened as by another process. */
  other(): ObjectStore;
  partSize: number;
  propertyRuns: number;
  test(capability: Capability, title: string, run: () => Promise<void>): void;
}

export const PLAIN = { contentType: 'application/octet-stream' };

/** Adapters may come from another copy of this module, so errors are recognised by their code. */
export function rejectsWith(promise: Promise<unknown>, code: ObjectStoreErrorCode): Promise<void> {
  return expect(promise).rejects.toMatchObject({ code });
}

export function uniquePrefix(): string {
  return `conformance/${randomUUID()}/`;
}

export async function read(store: ObjectStore, key: string): Promise<Buffer> {
  return buffer((await store.get(key)).body);
}

export async function collect(objects: AsyncIterable<ObjectInfo>): Promise<ObjectInfo[]> {
  const all: ObjectInfo[] = [];
  for await (const object of objects) all.push(object);
  return all;
}

export async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await collect(store.list(prefix))).map((object) => object.key);
}

export async function nothingIsVisible(store: ObjectStore, key: string): Promise<void> {
  await rejectsWith(store.head(key), 'object_not_found');
  expect(await keysOf(store, key)).toEqual([]);
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Comparing hashes: a failed comparison of megabytes would print them. */
export function expectSameBytes(actual: Buffer, expected: Buffer): void {
  expect({ size: actual.length, sha256: sha256(actual) }).toEqual({
    size: expected.length,
    sha256: sha256(expected),
  });
}

/** Bytes in pieces, as a network delivers them. */
export function streamOf(bytes: Buffer, pieceSize = 16_384): Readable {
  return Readable.from(piecesOf(bytes, pieceSize), { objectMode: false });
}

/** A stream that fails, or whose sender hangs up, after these bytes. */
export function brokenStream(bytes: Buffer, how: 'error' | 'hang-up'): Readable {
  let sent = false;
  return new Readable({
    read() {
      // Asked for more, they have been taken.
      if (sent) this.destroy(how === 'error' ? new Error('the sender broke off') : undefined);
      else this.push(bytes);
      sent = true;
    },
  });
}

function* piecesOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A staged upload with its bytes. */
export interface Staged {
  upload: StagedUpload;
  bytes: Buffer;
  /** How many parts there are. */
  count: number;
  part(index: number): Buffer;
  write(index: number, bytes?: Buffer): Promise<StoredPart>;
}

export async function stage(
  suite: Suite,
  key: string,
  size: number,
  partSize = suite.partSize,
): Promise<Staged> {
  const bytes = randomBytes(size);
  const store = suite.store();
  const upload = await store.beginUpload(key, size, partSize, PLAIN);
  const part = (index: number): Buffer => bytes.subarray(index * partSize, (index + 1) * partSize);
  const write = (index: number, content = part(index)): Promise<StoredPart> =>
    store.writePart(upload, index, streamOf(content));
  return { upload, bytes, count: Math.ceil(size / partSize), part, write };
}
