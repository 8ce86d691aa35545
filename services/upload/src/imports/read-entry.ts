import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { sniffStart } from '@lazyphotos/photo-type';

export interface EntryContent {
  /** SHA-256, hexadecimal. */
  hash: string;
  /** What the first bytes show; undefined when nothing is recognised. */
  sniffed: string | undefined;
}

/** Enough to recognise all accepted types, except a TIFF whose first directory is far behind. */
const HEAD_BYTES = 64 * 1024;

/**
 * Reads an entry to its end, which checks its size and CRC-32. If `isWanted` finds by the first bytes that it is not a photo, the rest is not
 * read, and the hash is empty.
 */
export async function readContent(
  body: Readable,
  isWanted: (sniffed: string | undefined) => boolean,
): Promise<EntryContent> {
  const hash = createHash('sha256');
  const head: Buffer[] = [];
  let headBytes = 0;
  let sniffed: string | undefined;
  let isSniffed = false;
  const sniff = async (): Promise<boolean> => {
    sniffed = await sniffStart(Buffer.concat(head).subarray(0, HEAD_BYTES));
    isSniffed = true;
    head.length = 0;
    return isWanted(sniffed);
  };
  // Leaving the loop destroys the stream.
  for await (const bytes of body as AsyncIterable<Buffer>) {
    hash.update(bytes);
    if (isSniffed) continue;
    head.push(bytes);
    headBytes += bytes.length;
    if (headBytes >= HEAD_BYTES && !(await sniff())) return { hash: '', sniffed };
  }
  if (!isSniffed) await sniff();
  return { hash: hash.digest('hex'), sniffed };
}

/**
 * Cuts a stream into pieces of `chunkSize` bytes, the last one shorter, each of which is read to its end before the next one
 * begins. Only what the stream itself has read ahead is held.
 */
export async function* inChunks(body: Readable, chunkSize: number): AsyncGenerator<AsyncIterable<Buffer>> {
  const source = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let rest: Buffer | undefined;
  let isEnded = false;
  const next = async (): Promise<Buffer | undefined> => {
    if (rest !== undefined) {
      const bytes = rest;
      rest = undefined;
      return bytes;
    }
    const { value, done } = await source.next();
    isEnded = done === true;
    return done ? undefined : value;
  };
  async function* piece(first: Buffer): AsyncGenerator<Buffer> {
    let left = chunkSize;
    for (let bytes: Buffer | undefined = first; bytes !== undefined; bytes = await next()) {
      if (bytes.length >= left) {
        if (bytes.length > left) rest = bytes.subarray(left);
        yield bytes.subarray(0, left);
        return;
      }
      left -= bytes.length;
      yield bytes;
    }
  }
  try {
    for (;;) {
      const first = await next();
      if (first === undefined) return;
      if (first.length > 0) yield piece(first);
    }
  } finally {
    if (!isEnded) body.destroy();
  }
}
