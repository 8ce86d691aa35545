import { Readable } from 'node:stream';
import { PartMismatchError } from '../errors.js';
import { chunksOf } from '../sources.js';

/**
 * Bytes gathered for one piece. S3 takes no piece below 8 KiB but the last, and networks deliver smaller ones; every piece
 * also has a header of its own.
 */
const PIECE = 64 * 1024;

/** The source's bytes in pieces that S3 takes. */
async function* piecesOf(body: Readable): AsyncGenerator<Buffer> {
  let batch: Buffer[] = [];
  let gathered = 0;
  for await (const chunk of chunksOf(body)) {
    batch.push(chunk);
    gathered += chunk.length;
    if (gathered < PIECE) continue;
    yield joined(batch);
    batch = [];
    gathered = 0;
  }
  if (gathered > 0) yield joined(batch);
}

function joined(batch: Buffer[]): Buffer {
  const [first] = batch;
  return first !== undefined && batch.length === 1 ? first : Buffer.concat(batch);
}

/** A source on its way to the server. */
export interface Sending {
  pieces: AsyncGenerator<Buffer>;
  /** Bytes that were read. */
  total: number;
  /** How reading the source failed, if it did: what the server or the SDK says then is but the consequence. */
  failure?: { error: unknown };
}

/** @param length Other than exactly this many bytes are a PartMismatchError. */
export function sendingOf(body: Readable, length?: number): Sending {
  const sending: Sending = { pieces: passedOn(watched()), total: 0 };
  return sending;

  async function* watched(): AsyncGenerator<Buffer> {
    try {
      for await (const piece of piecesOf(body)) {
        sending.total += piece.length;
        if (length !== undefined && sending.total > length) throw mismatch(sending.total, length, ' or more');
        yield piece;
      }
      if (length !== undefined && sending.total !== length) throw mismatch(sending.total, length);
    } catch (error) {
      sending.failure = { error };
      throw error;
    }
  }
}

/** Whoever destroys a stream throws into its generator. That is no failure of the source, so it must not get to `watched`. */
async function* passedOn(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield piece;
}

function mismatch(actual: number, expected: number, orMore = ''): PartMismatchError {
  return new PartMismatchError(`the part has ${actual} bytes${orMore}, not ${expected}`, expected, actual);
}

/**
 * Sends a source as the body of one request. When it fails, the request ends before its last byte, so that nothing is stored,
 * and the source's failure is thrown as it is. A request that fails, or is answered early, gives back its connection and reads
 * no further.
 */
export async function sendAsBody<T>(
  sending: Sending,
  send: (body: Readable, abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const aborting = new AbortController();
  const untilFailure = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* sending.pieces;
    } catch {
      // Not thrown on: the SDK hands a body's error to a stream that nobody listens to, and that ends the process.
      aborting.abort();
    }
  };
  const body = Readable.from(untilFailure(), { objectMode: false });
  try {
    return await send(body, aborting.signal);
  } catch (error) {
    aborting.abort();
    throw sending.failure === undefined ? error : sending.failure.error;
  } finally {
    body.destroy();
  }
}
