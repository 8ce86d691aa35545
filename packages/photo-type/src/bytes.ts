import type { Detector } from 'file-type';

/** Reads from a position of a file. Resolves to fewer bytes at the end of the file. */
export type ByteSource = (position: number, length: number) => Promise<Buffer>;

type Tokenizer = Parameters<Detector['detect']>[0];

/** Reads through a tokenizer without moving its position, so that other detectors can use it afterwards. */
export const bytesOf =
  (tokenizer: Tokenizer): ByteSource =>
  async (position, length) => {
    const buffer = Buffer.alloc(length);
    const read = await tokenizer.peekBuffer(buffer, { position, length, mayBeLess: true });
    return buffer.subarray(0, read);
  };
