import type { Hash } from 'node:crypto';
import { isArchiveType, storedMimeType } from '@lazyphotos/contracts';
import { type ObjectStore, requireStored } from '@lazyphotos/object-storage';
import { sniffTokenizer } from '@lazyphotos/photo-type';
import { type IRangeRequestClient, tokenizer } from '@tokenizer/range';
import type { UploadContext } from '../context.js';
import { isArchive, storedArchive } from '../imports/zip/index.js';
import { holdsMalware } from '../malware/scan.js';
import type { UploadSession } from '../prisma.js';

/** What is wrong with an assembled file; each is a problem code of the API. */
export type Refusal = 'hash_mismatch' | 'unsupported_media_type' | 'malware_found';
/** `mimeType` is the one that the content has, under its canonical name. */
export type Verification = { refusal: Refusal } | { mimeType: string };

/** Magic bytes are at the beginning, but a TIFF's first directory may be anywhere: only what is needed is read. */
const FIRST_READ_BYTES = 16 * 1024;
/** A file may claim that a field is gigabytes long; its type can be recognised from much less. */
const MAX_READ_BYTES = 1024 * 1024;

class SniffLimitError extends Error {}

/**
 * Checks the stored object of a session against what was announced. `begun` has hashed the first `hashedBytes` bytes already; the rest is
 * read from the store.
 */
export async function verifyObject(
  context: UploadContext,
  session: UploadSession,
  begun: { hash: Hash; hashedBytes: number },
): Promise<Verification> {
  const size = Number(session.sizeBytes);
  if (begun.hashedBytes < size) {
    const { body } = await context.store.get(session.storageKey, { start: begun.hashedBytes, end: size - 1 });
    for await (const bytes of body) begun.hash.update(bytes as Buffer);
  }
  if (begun.hash.digest('hex') !== session.hash) return { refusal: 'hash_mismatch' };
  return verifyType(context, session);
}

/**
 * Checks the content of an object that has the announced hash: its type, and whether it holds malware. `seenType` is the type that
 * the bytes have shown while they passed; without it the object is read. @throws ObjectNotFoundError
 */
export async function verifyType(
  context: UploadContext,
  { storageKey: key, sizeBytes, mimeType }: UploadSession,
  seenType?: string,
): Promise<Verification> {
  const { store } = context;
  const size = Number(sizeBytes);
  // Archives are not scanned as a whole: each photo is when it is imported.
  if (isArchiveType(mimeType)) {
    const isZip = await isArchive(storedArchive(store, key, size));
    return isZip ? { mimeType } : { refusal: 'unsupported_media_type' };
  }
  if (seenType) await requireStored(store, key);
  const sniffed = seenType ?? (await sniffType(store, key, size));
  const stored = sniffed === undefined ? undefined : storedMimeType(mimeType, sniffed);
  if (stored === undefined) return { refusal: 'unsupported_media_type' };
  return (await holdsMalware(context, key, size)) ? { refusal: 'malware_found' } : { mimeType: stored };
}

/** Resolves to the MIME type that an object's content shows, or undefined when nothing is recognised. */
async function sniffType(store: ObjectStore, key: string, size: number): Promise<string | undefined> {
  const source = await tokenizer(rangeClient(store, key, size), {
    initialChunkSize: Math.min(size, FIRST_READ_BYTES),
    minimumChunkSize: 1024,
  });
  try {
    return await sniffTokenizer(source);
  } catch (error) {
    if (error instanceof SniffLimitError || error instanceof RangeError) return undefined;
    throw error;
  } finally {
    await source.close();
  }
}

function rangeClient(store: ObjectStore, key: string, size: number): IRangeRequestClient {
  let left = MAX_READ_BYTES;
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    left -= end - start + 1;
    if (left < 0) throw new SniffLimitError('reads more than is needed to recognise a file');
    const { body } = await store.get(key, { start, end });
    return Buffer.concat(await body.toArray());
  };
  const info = { size, acceptPartialRequests: true };
  return {
    getHeadInfo: async () => info,
    getResponse: async (_method, range = [0, size - 1]) => {
      const [start, last] = range;
      const end = Math.min(last, size - 1);
      return {
        ...info,
        contentRange: { firstBytePosition: start, lastBytePosition: end, instanceLength: size },
        arrayBuffer: () => read(start, end),
      };
    },
    abort: () => undefined,
  };
}
