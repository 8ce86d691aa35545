import type { Readable } from 'node:stream';

/**
 * A stream that fails before it is read (the file is being opened, the server looked up) would end the process, for want of a
 * listener. Its error is not lost: reading a failed stream throws it.
 */
export function holdErrors(body: Readable): void {
  body.on('error', () => {});
}

/** A source's bytes. A stream that is not read to its end is left to its owner, who may want to answer on its connection. */
export async function* chunksOf(body: Readable | Buffer): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(body)) {
    yield body;
    return;
  }
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
  }
}
