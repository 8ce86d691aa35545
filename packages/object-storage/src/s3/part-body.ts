import { Readable } from 'node:stream';
import { batchesOf, chunksOfPart } from '../streams.js';

/**
 * Bytes that are gathered for one piece. S3 takes no piece below 8 KiB but the last, networks deliver smaller ones, and every piece also
 * has a header.
 */
const PIECE_BYTES = 64 * 1024;

/**
 * The body of a request that sends a part, whose source must have exactly `length` bytes. When the source fails, the request ends before
 * its last byte, so that nothing is stored. A request that fails, or whose response comes early, releases its connection and reads no
 * further.
 */
export class PartBody {
  /** How reading the source failed, if it did: an error of the server or the SDK is then only the consequence. */
  failure: { error: unknown } | undefined;
  private readonly pieces: AsyncGenerator<Buffer>;

  constructor(source: Readable, length: number) {
    this.pieces = passOn(this.read(source, length));
  }

  /** Sends the body by `send`. An error of the source is thrown unchanged. */
  async sendBy<T>(send: (body: Readable, abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    const aborting = new AbortController();
    const untilFailure = async function* (pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      try {
        yield* pieces;
      } catch {
        // Not thrown on: the SDK hands a body's error to a stream without listeners, which ends the process.
        aborting.abort();
      }
    };
    const body = Readable.from(untilFailure(this.pieces), { objectMode: false });
    try {
      return await send(body, aborting.signal);
    } catch (error) {
      aborting.abort();
      throw this.failure === undefined ? error : this.failure.error;
    } finally {
      body.destroy();
    }
  }

  private async *read(source: Readable, length: number): AsyncGenerator<Buffer> {
    try {
      for await (const [first, ...rest] of batchesOf(chunksOfPart(source, length), PIECE_BYTES)) {
        if (first) yield rest.length === 0 ? first : Buffer.concat([first, ...rest]);
      }
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}

/** Destroying a stream throws into its generator. That is no failure of the source, so it must not reach the generator that reads it. */
async function* passOn(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield piece;
}
