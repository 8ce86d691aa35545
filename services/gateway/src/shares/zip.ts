import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

export interface ZipWriter {
  /** Writes one file and resolves when its bytes have been read. `size` in bytes; `body` is destroyed in any case. */
  add(name: string, body: Readable, attributes: { size: number; time: Date }): Promise<void>;
  addText(name: string, text: string): void;
}

/**
 * Streams a ZIP into a response: `write` adds its files one after the other, each only as fast as the client reads. Photos are
 * compressed already, so they are stored as they are; ZIP64 is used where it is needed. If `write` fails, the connection is
 * closed, since half an archive must not look like the whole. If the client disconnects, `write` is aborted.
 */
export async function sendZip(res: ServerResponse, write: (zip: ZipWriter) => Promise<void>): Promise<void> {
  const file = new ZipFile();
  const output = file.outputStream as Readable;
  file.on('error', (error: Error) => output.destroy(error));
  const ended = new AbortController();
  const sending = pipeline(output, res).finally(() => ended.abort());
  // MS-DOS times have no zone: programs show the local time of the place where the photo was taken.
  const stored = { compress: false, forceDosTimestamp: true, mode: 0o100644 };
  const writer: ZipWriter = {
    add: async (name, body, { size, time }) => {
      try {
        ended.signal.throwIfAborted();
        const read = finished(body, { signal: ended.signal });
        file.addReadStream(body, name, { ...stored, size, mtime: time });
        await read;
      } finally {
        body.destroy();
      }
    },
    addText: (name, text) => file.addBuffer(Buffer.from(text), name, { ...stored, mtime: new Date() }),
  };
  const writing = write(writer).then(
    () => file.end(),
    (error: unknown) => {
      output.destroy(error as Error);
      throw error;
    },
  );
  // The first failure is the cause of the other.
  await Promise.all([sending, writing]).finally(() => Promise.allSettled([sending, writing]));
}
