import type { Detector } from 'file-type';

/** Reads from a place of a file. Resolves to fewer bytes than asked for where the file ends. */
export type ByteSource = (position: number, length: number) => Promise<Buffer>;

type Tokenizer = Parameters<Detector['detect']>[0];

/** Reads through a tokenizer without moving it, so that another detector may follow. */
export const bytesOf =
  (tokenizer: Tokenizer): ByteSource =>
  async (position, length) => {
    const buffer = Buffer.alloc(length);
    const read = await tokenizer.peekBuffer(buffer, { position, length, mayBeLess: true });
    return buffer.subarray(0, read);
  };
